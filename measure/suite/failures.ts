import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { FailedTest } from '../counts.ts';

/** As much of a message as one reads in a list, in lines. */
const MESSAGE_LINES = 12;

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().default(''),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z
            .array(z.string())
            .nullish()
            .transform((messages) => messages ?? []),
        }),
      ),
    }),
  ),
});

/** The failed tests of vitest's JSON report, and the files that could not be loaded; none where there is no report. */
export function readVitestFailures(file: string): readonly FailedTest[] {
  if (!existsSync(file)) return [];
  const { testResults } = vitestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  return testResults.flatMap(({ name, message, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [describe(name, message)] : [];
    return failed.map((test) => describe(`${name}: ${test.fullName}`, test.failureMessages.join('\n')));
  });
}

const CASE = /<testcase\b([^>]*[^>/])>([\s\S]*?)<\/testcase>/g;
const FAILURE = /<(?:failure|error)\b[^>]*>([\s\S]*?)<\/(?:failure|error)>/;

/** The failed tests of a JUnit report, as pytest writes it; none where there is no report. */
export function readJunitFailures(file: string): readonly FailedTest[] {
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(CASE)].flatMap(([, attributes = '', body = '']) => {
    const says = FAILURE.exec(body)?.[1];
    if (says === undefined) return [];
    // What pytest ends with is what was wrong; what it begins with is the test's source.
    const lines = decode(says).trimEnd().split('\n');
    return [describe(nameOf(attributes), lines.slice(-MESSAGE_LINES).join('\n'))];
  });
}

/** The failed tests as the end of a run shows them, under the suite's name; nothing where none failed. */
export function renderFailures(suite: string, failed: readonly FailedTest[]): string {
  return failed
    .map(({ test, says }) => `\nFAILED ${suite}: ${test}\n${says.replace(/^/gm, '    ')}\n`)
    .join('');
}

function describe(test: string, says: string): FailedTest {
  return { test, says: says.split('\n').slice(0, MESSAGE_LINES).join('\n') };
}

function nameOf(attributes: string): string {
  const read = (name: string) => decode(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
  return `${read('classname')}.${read('name')}`;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function decode(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp|#\d+);/g, (_, name: string) =>
    name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : (ENTITIES[name] ?? ''),
  );
}
