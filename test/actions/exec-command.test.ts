import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { execCommand } from '../../actions/job/exec-command.ts';
import { runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import type { ProgramCall } from '../../core/ports.ts';

const TEN_SECONDS = 10_000;
const shell = (script: string, more: Partial<ProgramCall> = {}): ProgramCall => ({
  command: 'sh',
  args: ['-c', script],
  env: process.env,
  timeoutMs: TEN_SECONDS,
  ...more,
});
const LONG_OUTPUT_BYTES = 32_000_000;
const textOf = (written: Uint8Array) => Buffer.from(written).toString('utf8');
/** One that has ended and that nobody has asked about is still listed, as a zombie. */
const isAlive = (pid: number) => {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
};

describe.each([
  ['by the toolkit', execCommand],
  ['as a child of this process', runCommand],
])('a command run %s', (_, run) => {
  it('gives its code and all that it wrote, byte for byte', async () => {
    const end = await run(shell('printf "a\\0b\\n\\377"; printf "two\\n" >&2; exit 3'));
    expect(end).toMatchObject({ code: 3, ended: 'exited', stderr: 'two\n' });
    expect([...end.stdout]).toEqual([97, 0, 98, 10, 255]);
  });

  it('gives a long output whole, and copies it no more than a few times', async () => {
    const copied = vi.spyOn(Buffer, 'concat');
    const end = await run(shell(`yes "$(printf %999s x)" | head -c ${LONG_OUTPUT_BYTES}`));
    const bytes = copied.mock.results.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
    copied.mockRestore();
    expect(end.stdout).toHaveLength(LONG_OUTPUT_BYTES);
    expect(bytes).toBeLessThan(3 * LONG_OUTPUT_BYTES);
  });

  it('keeps arguments apart, and takes no word for the shell’s', async () => {
    const args = ['%s|', 'two words', '$HOME', '"', '', "it's"];
    const end = await run({ command: 'printf', args, env: process.env, timeoutMs: TEN_SECONDS });
    expect(textOf(end.stdout)).toBe('two words|$HOME|"||it\'s|');
  });

  it('reads its input, or none', async () => {
    expect(textOf((await run(shell('cat', { input: 'ünd\n' }))).stdout)).toBe('ünd\n');
    expect(textOf((await run(shell('cat'))).stdout)).toBe('');
  });

  it('may end before it has read its input', async () => {
    const end = await run(shell('exit 4', { input: 'x'.repeat(4_000_000) }));
    expect(end).toMatchObject({ code: 4, ended: 'exited' });
  });

  it('has the environment it is given and no other', async () => {
    const env = { PATH: process.env['PATH'], ONLY: 'this', NOT: undefined };
    const end = await run(shell('echo "$ONLY/$HOME/$NOT"', { env }));
    expect(textOf(end.stdout)).toBe('this//\n');
  });

  it('tells its lines while it runs', async () => {
    const lines: string[] = [];
    await run(shell('echo one; echo two >&2; echo three', { onLine: (line) => void lines.push(line) }));
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('tells whole characters, and a last line that nothing ends', async () => {
    const lines: string[] = [];
    const split = "printf 'a\\303'; sleep 0.2; printf '\\274b\\nlast'; printf 'err\\nor' >&2";
    await run(shell(split, { onLine: (line) => void lines.push(line) }));
    expect(lines.toSorted()).toEqual(['aüb', 'err', 'last', 'or']);
  });

  it('is ended when its time is up', async () => {
    const started = Date.now();
    const end = await run(shell('echo $$; exec sleep 60', { timeoutMs: 300 }));
    expect(end).toMatchObject({ code: undefined, ended: 'timed-out' });
    expect(Date.now() - started).toBeLessThan(TEN_SECONDS);
    expect(isAlive(Number(textOf(end.stdout)))).toBe(false);
  });

  it('takes what it started along when it is ended', async () => {
    const end = await run(shell('sleep 60 & echo $!; wait', { timeoutMs: 300 }));
    expect(end.ended).toBe('timed-out');
    await expect.poll(() => isAlive(Number(textOf(end.stdout)))).toBe(false);
  });

  it('takes along what ignores SIGTERM', async () => {
    const stubborn =
      'sh -c \'trap "" TERM; exec sleep 60\' >/dev/null 2>&1 & echo $!; sleep 0.1; exec sleep 60';
    const end = await run(shell(stubborn, { timeoutMs: 500 }));
    expect(end.ended).toBe('timed-out');
    await expect.poll(() => isAlive(Number(textOf(end.stdout)))).toBe(false);
  });

  it('is ended at the signal, also one given before', async () => {
    const controller = new AbortController();
    const running = run(shell('exec sleep 60', { signal: controller.signal }));
    await sleep(200);
    controller.abort();
    expect(await running).toMatchObject({ ended: 'aborted' });
    const before = { signal: AbortSignal.abort() };
    expect(await run(shell('exec sleep 60', before))).toMatchObject({ ended: 'aborted' });
  });

  it('is told from one that this machine has not got', async () => {
    const missing = { command: 'no-such-command', args: [], env: process.env, timeoutMs: TEN_SECONDS };
    await expect(run(missing)).rejects.toThrow(UserError);
    await expect(run(missing)).rejects.toThrow(/no-such-command can't be started/);
  });
});

it('a job ends although its command left something behind that holds the output', async () => {
  const script = `
    const { execCommand } = await import(${JSON.stringify(import.meta.resolve('../../actions/job/exec-command.ts'))});
    const args = ['-c', 'sleep 60 & echo $!'];
    const end = await execCommand({ command: 'sh', args, env: process.env, timeoutMs: ${TEN_SECONDS} });
    console.log(end.code, Buffer.from(end.stdout).toString());`;
  const job = await runCommand({
    command: process.execPath,
    args: ['--input-type=module', '--eval', script],
    env: process.env,
    timeoutMs: TEN_SECONDS,
  });
  const [code, left] = textOf(job.stdout).trim().split(' ').map(Number);
  expect({ ended: job.ended, code }).toEqual({ ended: 'exited', code: 0 });
  expect(isAlive(left ?? 0)).toBe(false);
});

it('what goes on writing after its command has ended is heard no more', async () => {
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  const end = await execCommand(shell('while :; do echo more; done & echo one', { onLine }));
  const heard = lines.length;
  await sleep(200);
  expect(end.code).toBe(0);
  expect(lines).toHaveLength(heard);
});
