import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommand } from '../../adapters/run-command.ts';

const HARNESS = import.meta.resolve('../../actions/job/harness.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'event-'));

afterAll(() => rmSync(folder, { recursive: true }));

it('an action whose event file is damaged says so and gives its outputs', async () => {
  const event = path.join(folder, 'event.json');
  const output = path.join(folder, 'output');
  writeFileSync(event, '{"action": "crea');
  writeFileSync(output, '');
  const script = `
    const { runAction } = await import(${JSON.stringify(HARNESS)});
    await runAction({ name: 'probe', inputs: {}, outputs: ['answer'] }, () => process.exit(9));`;
  const { code, stdout } = await runCommand({
    command: process.execPath,
    args: ['--input-type=module', '--eval', script],
    env: { PATH: process.env['PATH'], GITHUB_EVENT_PATH: event, GITHUB_OUTPUT: output },
    timeoutMs: 20_000,
  });
  expect(code).toBe(1);
  expect(Buffer.from(stdout).toString()).toMatch(/::error title=trainyard%3A event-unreadable.*event\.json/);
  expect(readFileSync(output, 'utf8')).toMatch(/^decision<<.*\nfailure\n[\s\S]*^answer<</m);
});
