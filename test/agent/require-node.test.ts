import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { requireNode } from '../../agent/machine/require-node.ts';

const BUNDLE = resolve('agent/dist/agent.mjs');
const OLD = findOld();

/** A Node of this machine, not of the checkout, that is too old for the agent. */
function findOld(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((one) => !one.includes('node_modules'));
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((program) => existsSync(program) && program !== process.execPath)
    .find((program) => majorOf(program) < 24);
}

function majorOf(program: string): number {
  return Number.parseInt(execFileSync(program, ['--version'], { encoding: 'utf8' }).slice(1), 10);
}

test('an older Node is refused with what it takes, and no newer one', () => {
  expect(() => requireNode('20.20.2', '/usr/bin/node')).toThrow(
    'The agent needs Node 24, and /usr/bin/node is v20.20.2: install Node 24 or later (https://nodejs.org/en/download), and start the agent with it.',
  );
  expect(() => requireNode('22.16.0', '/usr/bin/node')).toThrow(/v22\.16\.0/);
  for (const version of ['24.0.0', '25.1.0', '100.0.0']) requireNode(version, '/usr/bin/node');
});

test.skipIf(OLD === undefined)(
  'the agent that is shipped says so in one line, whatever is asked of it',
  () => {
    const env = { ...process.env, TRAINYARD_AGENT_TOKENS: 'reader 0123456789abcdef' };
    for (const args of [['run'], ['down'], ['take-back'], []]) {
      const { status, stdout, stderr } = spawnSync(OLD ?? '', [BUNDLE, ...args], { encoding: 'utf8', env });
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(`The agent needs Node 24, and ${OLD} is v`);
    }
  },
);

test.skipIf(OLD === undefined)('it tells its version and its options all the same', () => {
  for (const flag of ['--version', '--help']) {
    expect(spawnSync(OLD ?? '', [BUNDLE, flag], { cwd: dirname(BUNDLE) }).status).toBe(0);
  }
});
