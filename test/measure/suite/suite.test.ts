import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runSuites } from '../../../measure/suite/run-suites.ts';
import { runSuite, type Suite, startBeside } from '../../../measure/suite/suite.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { familyOf } from '../../../sandbox/machine/family-of.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A suite that does this, told so by its exit status. */
function suiteOf(script: string): Suite {
  return { name: 'one', command: process.execPath, args: ['-e', script], counting: { by: 'exit' } };
}

const FLAGS = ['--disable-warning=ExperimentalWarning'];

/** Whether a process of this id runs. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the world beside other suites', () => {
  it('ends with all its workers where what began it is killed', { timeout: 60_000 }, async () => {
    const script = `
      import { startBeside } from ${JSON.stringify(join(ROOT, 'measure/suite/suite.ts'))};
      const args = [...${JSON.stringify(FLAGS)}, 'scripts/simulate.ts', 'world', '--seed', '1', '--schedules', '9999', '--workers', '1'];
      const suite = { name: 'world', command: process.execPath, args, counting: { by: 'exit' }, hearsItsEnd: true };
      startBeside(suite, 'idle').show();`;
    const parent = spawn(process.execPath, [...FLAGS, '--input-type=module-typescript', '-e', script], {
      cwd: ROOT,
    });
    await once(parent.stdout, 'data');
    const worlds = await vi.waitFor(() => {
      const [, world, ...others] = familyOf(parent.pid ?? 0);
      if (world === undefined || others.length === 0) throw new Error('it has no worker yet');
      return [world, ...others];
    }, 20_000);
    parent.kill('SIGKILL');
    try {
      await vi.waitFor(() => expect(worlds.filter(isAlive)).toEqual([]), 10_000);
    } finally {
      for (const pid of worlds.filter(isAlive)) process.kill(pid, 'SIGKILL');
    }
  });

  it('is given a number of schedules', () => {
    for (const given of ['abc', '1.5', '-1']) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [...FLAGS, 'scripts/test.ts', `--new-schedules=${given}`, '--suite', 'types'],
        { cwd: ROOT, encoding: 'utf8' },
      );
      expect([status, stderr]).toEqual([2, expect.stringContaining(given)]);
    }
  });
});

describe('a suite beside others', () => {
  it('says nothing before its turn, and then all of it in order', async () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const running = startBeside(
      suiteOf("console.log('early'); setTimeout(() => console.log('late'), 300)"),
      'low',
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(written).toEqual([]);
    expect((await running.show()).counts).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(written.join('')).toBe('early\nlate\n');
  });

  it('has the lowest priority, and fails as it fails in its turn', async () => {
    const low = suiteOf('process.exit(require("node:os").getPriority() === 19 ? 0 : 1)');
    expect((await startBeside(low, 'idle').ended).counts).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(getPriority()).toBeLessThan(19);
    const broken = suiteOf('process.exit(3)');
    expect((await startBeside(broken, 'idle').ended).counts).toEqual((await runSuite(broken)).counts);
  });
});

describe('a suite that begins programs of Node’s without what it has open', () => {
  const suite: Suite = {
    name: 'one',
    command: 'sh',
    args: ['-c', `exec 3>&-; exec '${process.execPath}' -e 0`],
    counting: { by: 'exit' },
  };

  it('does so beside others as it does alone', async () => {
    expect((await startBeside(suite, 'low').ended).counts).toEqual((await runSuite(suite)).counts);
  });

  it('does so alone', async () => {
    expect((await runSuite(suite)).counts).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });
});

describe('suites in lanes', () => {
  /** A suite that writes its name, does this, and writes it again. */
  const named = (name: string, lane: Suite['lane'], script = ''): Suite => ({
    ...suiteOf(
      `const say = (what) => console.log(${JSON.stringify(name)} + what); say(' begins'); ${script}; say(' ends')`,
    ),
    name,
    ...(lane && { lane }),
  });
  /** Waits for this file, which another suite writes. */
  const waitFor = (file: string) =>
    `while (!require('node:fs').existsSync(${JSON.stringify(join(folder, file))})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)`;
  const write = (file: string) =>
    `require('node:fs').writeFileSync(${JSON.stringify(join(folder, file))}, '')`;

  it('run beside each other, each in one piece and in its lane’s turn', { timeout: 30_000 }, async () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const results = await runSuites([
      named('sum', 'back', write('summed')),
      named('server', 'front', `${waitFor('summed')}; ${waitFor('more')}`),
      named('more', 'back', write('more')),
      named('world', 'spare'),
    ]);
    expect([...results.keys()]).toEqual(['sum', 'server', 'more', 'world']);
    expect([...results.values()].map(({ counts }) => counts.passed)).toEqual([1, 1, 1, 1]);
    const lines = written.join('').split('\n').filter(Boolean);
    const order = ['server', 'sum', 'more', 'world'];
    expect(lines).toEqual(order.flatMap((name) => [`── ${name}`, `${name} begins`, `${name} ends`]));
  });

  it('say how long each took, in seconds of its own', { timeout: 30_000 }, async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)';
    const results = await runSuites([named('server', 'front', wait), named('sum', 'back')]);
    expect(results.get('server')?.seconds).toBeGreaterThan(0.4);
    expect(results.get('server')?.seconds).toBeLessThan(20);
  });

  it('give way where they compute', { timeout: 30_000 }, async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const isAbove = (steps: number) =>
      `process.exitCode = require('node:os').getPriority() - ${getPriority()} === ${steps} ? 0 : 1`;
    const results = await runSuites([
      named('server', 'front', isAbove(0)),
      { ...named('sum', 'back', isAbove(5)), givesWay: true },
    ]);
    expect([...results.values()].map(({ counts }) => counts.failed)).toEqual([0, 0]);
  });
});
