import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** A test that failed, by its file and name, and how its message begins. */
export type FailedTest = { readonly test: string; readonly says: string };

/** How many tests of a suite passed, failed and were skipped. */
export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** What a suite, or a part of one, came to: its counts, and what failed as far as it has names. */
export type TestOutcome = { readonly counts: Counts; readonly failed: readonly FailedTest[] };

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The sum of the counts of several suites. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that ends a run. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const countsSchema = z.object({
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  failures: z.array(z.object({ test: z.string(), says: z.string() })).default([]),
});

/** Writes counts, and what failed as far as it has names, for `readCounts` and `readNamedFailures` of another process. */
export function writeCounts(file: string, counts: Counts, failures: readonly FailedTest[] = []): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...counts, failures })}\n`);
}

/** Reads the counts that `writeCounts` wrote; no file counts as no tests. */
export function readCounts(file: string): Counts {
  if (!existsSync(file)) return NO_TESTS;
  const { failures: _, ...counts } = countsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return counts;
}

/** Reads what failed by what `writeCounts` wrote; none where there is no file. */
export function readNamedFailures(file: string): readonly FailedTest[] {
  return existsSync(file) ? countsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).failures : [];
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  numFailedTestSuites: z.number(),
});

/** Reads vitest's JSON report. A test file that could not be loaded counts as a failure; no report as no tests. */
export function readVitestCounts(file: string): Counts {
  if (!existsSync(file)) return NO_TESTS;
  const report = vitestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  const failed = report.numFailedTests > 0 ? report.numFailedTests : report.numFailedTestSuites;
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

/** Reads the totals of a JUnit report, as pytest writes it; no report counts as no tests. */
export function readJunitCounts(file: string): Counts {
  if (!existsSync(file)) return NO_TESTS;
  const header = /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
  const total = readTotal(header, 'tests');
  const failed = readTotal(header, 'failures') + readTotal(header, 'errors');
  const skipped = readTotal(header, 'skipped');
  return { passed: total - failed - skipped, failed, skipped };
}

function readTotal(header: string, attribute: string): number {
  return Number(new RegExp(`\\b${attribute}="(\\d+)"`).exec(header)?.[1] ?? 0);
}
