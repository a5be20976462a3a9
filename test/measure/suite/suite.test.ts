import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runSuite, type Suite, startBeside } from '../../../measure/suite/suite.ts';
import { ROOT } from '../../../sandbox/checkout.ts';

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
      const suite = { name: 'world', command: process.execPath, args, counting: { by: 'exit' } };
      startBeside(suite).join();`;
    const parent = spawn(process.execPath, [...FLAGS, '--input-type=module-typescript', '-e', script], {
      cwd: ROOT,
    });
    await once(parent.stdout, 'data');
    const worlds = await vi.waitFor(() => {
      const [world, ...others] = descendantsOf(parent.pid ?? 0);
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

/** Processes that this one began, and that they did. */
function descendantsOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  const own = stdout.split('\n').filter(Boolean).map(Number);
  return own.flatMap((child) => [child, ...descendantsOf(child)]);
}

describe('a suite beside others', () => {
  it('says nothing before its turn, and then all of it in order', async () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const running = startBeside(suiteOf("console.log('early'); setTimeout(() => console.log('late'), 300)"));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(written).toEqual([]);
    expect(await running.join()).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(written.join('')).toBe('early\nlate\n');
  });

  it('has the lowest priority, and fails as it fails in its turn', async () => {
    const low = suiteOf('process.exit(require("node:os").getPriority() === 19 ? 0 : 1)');
    expect(await startBeside(low).join()).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(getPriority()).toBeLessThan(19);
    const broken = suiteOf('process.exit(3)');
    expect(await startBeside(broken).join()).toEqual(await runSuite(broken));
  });
});
