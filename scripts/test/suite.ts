import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { type Counts, readCounts, readJunitCounts, readVitestCounts } from '../../measure/counts.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { renderCoverage } from './render-coverage.ts';

/** How a suite says how many tests it ran: by its exit status alone, or by a report it writes. */
type Counting =
  | { readonly by: 'exit' }
  | { readonly by: 'vitest' | 'junit' | 'counts'; readonly report: string };

const READERS = { vitest: readVitestCounts, junit: readJunitCounts, counts: readCounts };

/** One suite: a program, its arguments, and how its tests are counted. */
export type Suite = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly counting: Counting;
  /** Where it leaves a summary of the lines it ran, if it measures them. */
  readonly coverage?: string;
};

/** Runs the suite with its output passed through. A suite that ends badly without a failed test counts as one failure. */
export async function runSuite(suite: Suite): Promise<Counts> {
  if (suite.counting.by !== 'exit') rmSync(suite.counting.report, { force: true });
  if (suite.coverage !== undefined) rmSync(suite.coverage, { force: true });
  const status = await runProgram(suite.command, suite.args);
  if (suite.coverage !== undefined) process.stdout.write(renderCoverage(suite.coverage));
  const counts = countTests(suite.counting, status);
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function countTests(counting: Counting, status: number): Counts {
  if (counting.by === 'exit')
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const counts = READERS[counting.by](counting.report);
  const ran = counts.passed + counts.failed + counts.skipped;
  return ran === 0 ? { passed: 0, failed: 1, skipped: 0 } : counts;
}

function runProgram(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}
