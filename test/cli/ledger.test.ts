import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import { ServiceError, UserError } from '../../core/errors.ts';
import { ok } from '../../core/result.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { startOf, startScribe, writeVersion } from '../core/ledger/ledger-support.ts';
import { createStranger, fileWith } from './support/stranger.ts';

/** A clone whose origin holds the ledger of its model: version 8 passed, and is the candidate. */
async function createClone(): Promise<string> {
  const folder = createStranger(fileWith('trainyard.yml', 'model: flats', 'model: mnist'));
  const remote = mkdtempSync(path.join(tmpdir(), 'ty-origin-'));
  onTestFinished(() => rmSync(remote, { recursive: true }));
  execFileSync('git', ['init', '--quiet', '--bare', remote]);
  execFileSync('git', ['-C', folder, 'remote', 'add', 'origin', remote]);
  const author = { name: 'ada', email: 'ada@localhost' };
  const ledger = createGitLedger({ remote, clock: systemClock, author, dir: path.join(remote, 'work') });
  const write = startScribe();
  const appended = await ledger.append('mnist', () =>
    ok([...writeVersion(write, '8'), write('rollout.started', startOf('8'))]),
  );
  if (!appended.ok) throw new Error(appended.error.message);
  return folder;
}

async function run(folder: string, ...args: readonly string[]) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const asked = readCommand(args, COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const code = await asked.command.run(asked.given, { root: ROOT, cwd: folder, env: {}, print });
  return { code, text: lines.join('\n') };
}

test('status says from a clone what the comment says', async () => {
  const { code, text } = await run(await createClone(), 'status');
  expect(code).toBe(0);
  expect(text).toContain('Status: mnist');
  expect(text).toContain('production: nothing yet.');
  expect(text).toMatch(/rollout +version 8 at 0 % since /);
  expect(text).not.toMatch(/[#*|<]/);
});

test('why says what a version came of, how it was judged and where it is', async () => {
  const folder = await createClone();
  const { text } = await run(folder, 'why');
  expect(text).toContain('Status: mnist 8');
  expect(text).toMatch(/gate +pass at .*beside/);
  expect(text).toMatch(/under way, at 0 %/);
  expect(await run(folder, 'why', 'v8')).toMatchObject({ text });
  const thrown: unknown = await run(folder, 'why', 'v9').catch((error: unknown) => error);
  expect(thrown instanceof UserError ? thrown.message : thrown).toBe(
    'There is no version 9 of mnist. Its versions: the newest are v8.',
  );
});

test('audit looks at the whole of it', async () => {
  const { code, text } = await run(await createClone(), 'audit', '--repository', await createClone());
  expect(code).toBe(0);
  expect(text).toContain('The ledger keeps its rules.');
});

test('audit looks at nothing with a key that is none', async () => {
  const folder = await createClone();
  const key = path.join(folder, 'damaged.pub');
  writeFileSync(key, '-----BEGIN PUBLIC KEY-----\nnone\n-----END PUBLIC KEY-----\n');
  await expect(run(folder, 'audit', '--repository', folder, '--key', key)).rejects.toThrow(UserError);
});

test.each([
  ['can not be reached', 'http://127.0.0.1:9/acme/digits.git', ServiceError, "The ledger can't be reached"],
  ['is not there', 'file:///nowhere/digits.git', UserError, "The ledger's remote is not there"],
])(
  'audit says of a remote that it %s',
  async (_, remote, kind, message) => {
    const thrown: unknown = await run(createStranger(), 'audit', '--repository', remote).catch(
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(kind);
    expect(String(thrown)).toContain(message);
  },
  30_000,
);
