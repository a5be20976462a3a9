import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runSuite, type Suite, startBeside } from '../../../measure/suite/suite.ts';

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
