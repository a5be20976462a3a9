import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { execCommand } from '../../actions/job/exec-command.ts';
import { runCommand } from '../../adapters/run-command.ts';
import { runProcess } from '../../adapters/run-process.ts';
import { venvProgram } from '../../sandbox/checkout.ts';
import { at, attack, useRunner, workspace } from './support/attack.ts';
import { findCommands } from './support/find-commands.ts';

useRunner();

const MONTH_MS = 30 * 86_400_000;
const shell = (script: string) => ({ command: 'sh', args: ['-c', script], cwd: '/', env: process.env });
/** A number of seconds that no other test sleeps for. */
const createMark = () => `79${Math.floor(Math.random() * 1e6)}`;

/** Times that a training of two workers is given, until they have imported PyTorch before it is up: how busy a machine is nobody knows. */
const TORCHRUN_MS = [20_000, 60_000, 240_000] as const;

describe('a command', () => {
  test.each([
    ['runProcess', runProcess],
    ['runCommand', runCommand],
    ['execCommand', execCommand],
  ] as const)('that may take a month is not ended at once by %s', async (_, run) => {
    expect(await run({ ...shell('sleep 0.2'), timeoutMs: MONTH_MS })).toMatchObject({
      ended: 'exited',
      code: 0,
    });
  });

  test('whose helper holds its output open ends when it ends, and the helper with it', async () => {
    const mark = createMark();
    const started = Date.now();
    const end = await runProcess({ ...shell(`sleep ${mark} & echo said; exit 3`), timeoutMs: 60_000 });
    expect(end).toMatchObject({ code: 3, ended: 'exited', stdout: ['said'] });
    expect(Date.now() - started).toBeLessThan(5_000);
    await expect.poll(() => findOwn(mark)).toEqual([]);
  });

  test('is told to have ended when its time is up, though something of another session holds its output', async () => {
    const started = Date.now();
    const script = `trap '' TERM; setsid sleep 20 & sleep 20; sleep 20`;
    const end = await runProcess({ ...shell(script), timeoutMs: 500 });
    expect(end.ended).toBe('timed-out');
    expect(Date.now() - started).toBeLessThan(15_000);
  }, 30_000);
});

/** Ignores the word to end, in a session of its own, as the worker of a launcher that was killed. */
const STUBBORN = (mark: string) =>
  `(trap '' TERM; setsid sh -c "trap '' TERM; sleep ${mark}; sleep ${mark}") &`;

describe.each([
  ['namespaces', undefined],
  ['none', at('python-without')],
] as const)('a training in the box %s', (level, weak) => {
  const python = weak ?? venvProgram('python');
  const policy = { require: weak === undefined };

  beforeAll(() => {
    if (weak === undefined) return;
    const without = 'setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin --';
    mkdirSync(path.dirname(weak), { recursive: true });
    writeFileSync(weak, `#!/bin/sh\nexec ${without} ${venvProgram('python')} "$@"\n`, { mode: 0o755 });
  });

  test('ends when its command ends, though a helper holds its output open', async () => {
    const mark = createMark();
    const started = Date.now();
    const end = await attack({ script: `setsid sleep ${mark} & echo done`, python, policy });
    expect(end).toMatchObject({ code: 0, ended: 'exited', handedOn: level });
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(await findOwn(mark)).toEqual([]);
  });

  test('whose time is up ends with all it has started, whatever these make of it', async () => {
    const mark = createMark();
    const started = Date.now();
    const script = `${STUBBORN(mark)} trap '' TERM; sleep ${mark}; sleep ${mark}`;
    const end = await attack({ script, python, policy, timeoutMs: 1_500 });
    expect(end.ended).toBe('timed-out');
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await findOwn(mark)).toEqual([]);
  }, 60_000);

  test('ends with all it has started when its job is lost', async () => {
    const mark = createMark();
    const program = `import ${JSON.stringify(path.join(import.meta.dirname, 'support', 'lost-job.ts'))};`;
    const given = JSON.stringify({ script: `${STUBBORN(mark)} sleep ${mark}`, python, policy, workspace });
    const job = spawn(process.execPath, ['--input-type=module', '--eval', program, given]);
    try {
      await expect.poll(() => findOwn(mark, 'sleep'), { timeout: 30_000 }).toHaveLength(2);
      job.kill('SIGKILL');
      await once(job, 'exit');
      await expect.poll(() => findOwn(mark), { timeout: 20_000 }).toEqual([]);
    } finally {
      job.kill('SIGKILL');
    }
  }, 60_000);

  test('of two workers that torchrun has started ends with both when its time is up', async () => {
    const mark = createMark();
    const worker = path.join(workspace, `worker-${mark}.py`);
    writeFileSync(worker, WORKER);
    const script = `exec ${venvProgram('torchrun')} --standalone --nproc-per-node 2 ${worker}`;
    for (const timeoutMs of TORCHRUN_MS) {
      const started = Date.now();
      const end = await attack({ script, python, policy, timeoutMs });
      expect(end.ended).toBe('timed-out');
      expect(Date.now() - started).toBeLessThan(timeoutMs + 45_000);
      expect(await findOwn(worker)).toEqual([]);
      if (end.stdout.filter((line) => line.startsWith('at work')).length === 2) return;
    }
    expect.unreachable('no two workers have begun');
  }, 480_000);
});

/** A worker that takes the word to end for "save a checkpoint". */
const WORKER = `
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: None)
print("at work", os.environ["RANK"], flush=True)
while True:
    time.sleep(1)
`;

/** The command lines that hold a text, and begin with another, without that of the job that started them. */
async function findOwn(text: string, beginning = ''): Promise<readonly string[]> {
  const commands = await findCommands(text);
  return commands.filter((command) => command.startsWith(beginning) && !command.includes('lost-job'));
}
