import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_TESTS, readCounts, readNamedFailures, writeCounts } from '../../../measure/counts.ts';
import { failedChecks } from '../../../measure/scenes/report.ts';
import { renderFailures } from '../../../measure/suite/failures.ts';
import { type Suite, type SuiteResult, startBeside } from '../../../measure/suite/suite.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a suite of these sources came to, by the runner's own report. */
function run(suite: Omit<Suite, 'name'>): Promise<SuiteResult> {
  return startBeside({ name: 'one', ...suite }, 'usual').ended;
}

function runPytest(source: string): Promise<SuiteResult> {
  const [file, report] = [join(folder, 'test_one.py'), join(folder, 'report.xml')];
  writeFileSync(file, source);
  const args = ['-m', 'pytest', '-q', '-c', '/dev/null', '--rootdir', folder, `--junitxml=${report}`, file];
  return run({ command: venvProgram('python'), args, counting: { by: 'junit', report } });
}

function runVitest(source: string): Promise<SuiteResult> {
  const report = join(folder, 'report.json');
  writeFileSync(join(folder, 'one.test.ts'), source);
  const vitest = join(ROOT, 'node_modules', 'vitest');
  const imports = `import { expect, it } from ${JSON.stringify(join(vitest, 'dist', 'index.js'))};\n`;
  writeFileSync(join(folder, 'one.test.ts'), imports + source);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [join(vitest, 'vitest.mjs'), 'run', '--root', folder, ...reporters];
  return run({ command: process.execPath, args, counting: { by: 'vitest', report } });
}

describe('what failed in a suite', { timeout: 120_000 }, () => {
  it('is named from what pytest reports', async () => {
    const source =
      'def test_right(): pass\ndef test_wrong():\n  assert "<a> & \'b\'" == 2\ndef test_also(): 1 / 0\n';
    const { counts, failed } = await runPytest(source);
    expect(counts).toEqual({ passed: 1, failed: 2, skipped: 0 });
    expect(failed.map(({ test }) => test)).toEqual(['test_one.test_wrong', 'test_one.test_also']);
    expect(failed[0]?.says).toContain(`"<a> & 'b'" == 2`);
    expect(failed[1]?.says).toContain('ZeroDivisionError');
  });

  it('is named from what vitest reports', async () => {
    const { counts, failed } = await runVitest(
      "it('holds', () => {});\nit('breaks', () => expect(1).toBe(2));\n",
    );
    expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(failed).toEqual([
      { test: expect.stringMatching(/one\.test\.ts: breaks$/), says: expect.stringContaining('expected 1') },
    ]);
  });

  it('is a file that could not be loaded', async () => {
    const { counts, failed } = await runVitest("throw new Error('no such part');\n");
    expect(counts.failed).toBe(1);
    expect(failed).toEqual([
      {
        test: expect.stringMatching(/one\.test\.ts$/),
        says: expect.stringContaining('no such part'),
      },
    ]);
  });

  it('is what it wrote last, where no test failed and it ended badly all the same', async () => {
    const { counts, failed } = await runVitest(
      "it('leaves a promise', () => void Promise.reject(new Error('nobody waits')));\n",
    );
    expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(failed[0]?.test).toBe('it ended with status 1');
    expect(failed[0]?.says).toContain('nobody waits');
  });

  it('is named by a suite that counts itself, where it gives names', async () => {
    const report = join(folder, 'counts.json');
    const counts = { passed: 2, failed: 1, skipped: 0 };
    const failed = [{ test: 'scene: it holds', says: 'it did not' }];
    writeCounts(report, counts, failed);
    expect([readCounts(report), readNamedFailures(report)]).toEqual([counts, failed]);
    writeCounts(report, counts);
    expect([readCounts(report), readNamedFailures(report)]).toEqual([counts, []]);
    rmSync(report);
    expect([readCounts(report), readNamedFailures(report)]).toEqual([NO_TESTS, []]);
  });

  it('is a check of a scene, with how the log of its run ends', () => {
    const log = join(folder, 'run.log');
    writeFileSync(log, `${'early\n'.repeat(40)}the image could not be pushed\n`);
    const check = { expected: 'it deploys', observed: 'run failure', held: false, where: log };
    const [failed, ...more] = failedChecks([
      { title: 'Retrain', checks: [{ ...check, held: true }, check] },
      { title: 'Bad model', checks: [{ ...check, where: 'http://127.0.0.1:1' }] },
    ]);
    expect(failed?.test).toBe('Retrain: it deploys');
    expect(failed?.says).toMatch(/^run failure\n.*run\.log\n(early\n){29}the image could not be pushed$/);
    expect(more).toEqual([{ test: 'Bad model: it deploys', says: 'run failure\nhttp://127.0.0.1:1' }]);
  });

  it('stands under the suite’s name', () => {
    expect(renderFailures('unit', [])).toBe('');
    expect(renderFailures('unit', [{ test: 'a: b', says: 'one\ntwo' }])).toBe(
      '\nFAILED unit: a: b\n    one\n    two\n',
    );
  });
});
