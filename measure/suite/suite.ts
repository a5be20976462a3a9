import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { ROOT } from '../../sandbox/checkout.ts';
import { type Counts, readCounts, readJunitCounts, readVitestCounts } from '../counts.ts';
import { atIdlePriority } from './at-idle-priority.ts';
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
  /** It is begun before all others and runs on what they leave of the processors. */
  readonly isBeside?: boolean;
};

/** A suite that runs beside others. */
type Running = {
  /** Passes its output through, what it wrote before its turn first, and gives its counts once it has ended. */
  readonly join: () => Promise<Counts>;
};

/** Runs the suite with its output passed through. A suite that ends badly without a failed test counts as one failure. */
export async function runSuite(suite: Suite): Promise<Counts> {
  forgetReports(suite);
  return settle(suite, await runProgram(suite));
}

/** Begins the suite at idle priority. It ends with this process; where that is killed, once it hears that its channel is closed. */
export function startBeside(suite: Suite): Running {
  forgetReports(suite);
  const early: Buffer[] = [];
  let show = (chunk: Buffer): void => void early.push(chunk);
  const { command, args } = atIdlePriority(suite);
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.channel?.unref();
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => show(chunk));
  const end = () => child.kill();
  process.once('exit', end);
  const ended = statusOf(child, command).finally(() => process.off('exit', end));
  return {
    join: async () => {
      for (const chunk of early) process.stdout.write(chunk);
      show = (chunk) => void process.stdout.write(chunk);
      return settle(suite, await ended);
    },
  };
}

function forgetReports({ counting, coverage }: Suite): void {
  if (counting.by !== 'exit') rmSync(counting.report, { force: true });
  if (coverage !== undefined) rmSync(coverage, { force: true });
}

function settle({ counting, coverage }: Suite, status: number): Counts {
  if (coverage !== undefined) process.stdout.write(renderCoverage(coverage));
  const counts = countTests(counting, status);
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function countTests(counting: Counting, status: number): Counts {
  if (counting.by === 'exit')
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const counts = READERS[counting.by](counting.report);
  const ran = counts.passed + counts.failed + counts.skipped;
  return ran === 0 ? { passed: 0, failed: 1, skipped: 0 } : counts;
}

function runProgram({ command, args }: Suite): Promise<number> {
  return statusOf(spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }), command);
}

function statusOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}
