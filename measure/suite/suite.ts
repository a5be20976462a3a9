import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { ROOT } from '../../sandbox/checkout.ts';
import {
  type Counts,
  type FailedTest,
  readCounts,
  readJunitCounts,
  readNamedFailures,
  readVitestCounts,
  type TestOutcome,
} from '../counts.ts';
import { atPriority, type Priority } from './at-priority.ts';
import { readJunitFailures, readVitestFailures } from './failures.ts';
import { renderCoverage } from './render-coverage.ts';

/** How a suite says how many tests it ran: by its exit status alone, or by a report it writes. */
type Counting =
  | { readonly by: 'exit' }
  | { readonly by: 'vitest' | 'junit' | 'counts'; readonly report: string };

const READERS = {
  vitest: { counts: readVitestCounts, failed: readVitestFailures },
  junit: { counts: readJunitCounts, failed: readJunitFailures },
  counts: { counts: readCounts, failed: readNamedFailures },
};

const ONE_PASSED: Counts = { passed: 1, failed: 0, skipped: 0 };
const ONE_FAILED: Counts = { passed: 0, failed: 1, skipped: 0 };

/** Where no report names what failed, the end of the output stands for it: so many lines. */
const OUTPUT_LINES = 40;

/**
 * Where a suite runs: `front`, `side` and `back` run beside each other, the suites of each in turn, so that two which must not meet are in
 * one of them; `spare` is begun before all others and runs on what they leave of the processors.
 */
export type SuiteLane = 'front' | 'side' | 'back' | 'spare';

/** One suite: a program, its arguments, and how its tests are counted. */
export type Suite = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly counting: Counting;
  /** Where it leaves a summary of the lines it ran, if it measures them. */
  readonly coverage?: string;
  /** Without one it runs alone, before all others. */
  readonly lane?: SuiteLane;
  /** It gives way to what runs beside it: what computes has no limit of time, as a server that starts has. */
  readonly givesWay?: boolean;
  /** A program of Node's that ends by itself once the channel to what began it is closed. */
  readonly hearsItsEnd?: boolean;
};

/** What a suite came to, and how long it ran, in s. */
export type SuiteResult = TestOutcome & { readonly seconds: number };

/** A suite that runs beside others. */
export type Running = {
  /** Fulfilled once it has ended, whether it has been shown or not. */
  readonly ended: Promise<SuiteResult>;
  /** Passes its output through, what it wrote before first; fulfilled once it has ended. */
  readonly show: () => Promise<SuiteResult>;
};

/** Runs the suite with its output passed through. */
export async function runSuite(suite: Suite): Promise<SuiteResult> {
  forgetReports(suite);
  const began = performance.now();
  const status = await runProgram(suite);
  const seconds = secondsSince(began);
  process.stdout.write(summaryOf(suite));
  return { ...readResult(suite, status, 'see its output above'), seconds };
}

/**
 * Begins the suite at this priority. It ends with this process; where that is killed, a suite that hears its end does so then. No other
 * has a channel: a program of Node's that a suite starts with the channel's variable and without its descriptor aborts, saying nothing.
 */
export function startBeside(suite: Suite, priority: Priority): Running {
  forgetReports(suite);
  const began = performance.now();
  const early: Buffer[] = [];
  let last = '';
  let take = (chunk: Buffer): void => void early.push(chunk);
  const { command, args } = atPriority(priority, suite);
  const channel = suite.hearsItsEnd === true ? (['ipc'] as const) : [];
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe', ...channel] });
  child.channel?.unref();
  const hear = (chunk: Buffer) => {
    last = lastLines(last + chunk.toString('utf8'), OUTPUT_LINES);
    take(chunk);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', hear);
  const end = () => child.kill();
  process.once('exit', end);
  const ended = statusOf(child, command)
    .finally(() => process.off('exit', end))
    .then((status) => ({ ...readResult(suite, status, last), seconds: secondsSince(began) }));
  return {
    ended,
    show: async () => {
      for (const chunk of early) process.stdout.write(chunk);
      take = (chunk) => void process.stdout.write(chunk);
      const result = await ended;
      process.stdout.write(summaryOf(suite));
      return result;
    },
  };
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}

function forgetReports({ counting, coverage }: Suite): void {
  if (counting.by !== 'exit') rmSync(counting.report, { force: true });
  if (coverage !== undefined) rmSync(coverage, { force: true });
}

function summaryOf({ coverage }: Suite): string {
  return coverage === undefined ? '' : renderCoverage(coverage);
}

/** A suite that ends badly without a failed test counts as one failure, and its output says which. */
function readResult({ counting }: Suite, status: number, output: string): TestOutcome {
  const ended: FailedTest = { test: `it ended with status ${status}`, says: output };
  if (counting.by === 'exit')
    return status === 0 ? { counts: ONE_PASSED, failed: [] } : { counts: ONE_FAILED, failed: [ended] };
  const { counts, failed } = readReport(counting);
  if (counts.passed + counts.failed + counts.skipped === 0) return { counts: ONE_FAILED, failed: [ended] };
  if (status === 0 || failed.length > 0) return { counts, failed };
  return { counts: { ...counts, failed: Math.max(1, counts.failed) }, failed: [ended] };
}

function readReport({ by, report }: Exclude<Counting, { by: 'exit' }>): TestOutcome {
  return { counts: READERS[by].counts(report), failed: READERS[by].failed(report) };
}

function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
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
