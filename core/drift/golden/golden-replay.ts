import type { Reason, Verdict } from '../../verdict.ts';
import { chooseTolerance, type GoldenMeasure } from './choose-tolerance.ts';
import type { Golden, GoldenTolerance } from './golden.ts';

const SHOWN_MISMATCHES = 5;
/** A lead of less than what both sides were seen to err by, of the eight times that that are allowed, is none. */
const TIE = 1 / 4;

/** One place where a live answer is not the stored one; `path` is as in `predictions[0].score`. */
type Mismatch = {
  readonly example: number;
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
};

/** Stored inputs asked of the live endpoint, against the stored answers. No statistics: either they agree or not. */
export type GoldenReplay = {
  readonly verdict: Verdict;
  readonly examples: number;
  readonly maxDifference: number;
  readonly mismatches: readonly Mismatch[];
  readonly reason: Reason;
};

/**
 * Compares live `predictions`, one per golden example and in their order (`undefined` where no answer came), with the stored
 * ones, by what the package allows where it is served with that `gpu`. `inconclusive` when no example was answered; a missing answer among others is a mismatch.
 */
export function compareGolden(
  golden: Golden,
  answers: readonly unknown[],
  gpu: 'none' | 'all',
): GoldenReplay {
  const measure = chooseTolerance(golden, gpu);
  const answered = golden.examples.filter((_, index) => answers[index] !== undefined).length;
  const differences = golden.examples.flatMap(({ predictions }, example) =>
    listDifferences(
      { example, path: 'predictions' },
      { expected: predictions, actual: answers[example] },
      measure,
    ),
  );
  const mismatches = differences.filter(({ isMismatch }) => isMismatch);
  const verdict = answered === 0 ? 'inconclusive' : mismatches.length === 0 ? 'pass' : 'fail';
  const maxDifference = Math.max(
    0,
    ...differences.map(({ difference }) => difference).filter(Number.isFinite),
  );
  return {
    verdict,
    examples: golden.examples.length,
    maxDifference,
    mismatches: mismatches
      .slice(0, SHOWN_MISMATCHES)
      .map(({ example, path, expected, actual }) => ({ example, path, expected, actual })),
    reason: describeReplay(
      { verdict, examples: golden.examples.length, mismatches, maxDifference },
      measure.told,
    ),
  };
}

type Difference = Mismatch & { readonly isMismatch: boolean; readonly difference: number };

/** Every leaf of two answers, and how they differ there; answers of another shape differ at the place where the shapes part. */
function listDifferences(
  { example, path }: Pick<Mismatch, 'example' | 'path'>,
  { expected, actual }: Pick<Mismatch, 'expected' | 'actual'>,
  measure: GoldenMeasure,
): readonly Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    const parts = expected.flatMap((part: unknown, index) =>
      listDifferences(
        { example, path: `${path}[${index}]` },
        { expected: part, actual: actual[index] },
        measure,
      ),
    );
    const other = measure.ranked === true ? findOtherClass(expected, actual, measure) : undefined;
    return other === undefined
      ? parts
      : [
          ...parts,
          { example, path: `${path}, the largest of it,`, ...other, difference: 0, isMismatch: true },
        ];
  }
  if (isRecord(expected) && isRecord(actual) && haveSameKeys(expected, actual)) {
    return Object.entries(expected).flatMap(([key, part]) =>
      listDifferences({ example, path: `${path}.${key}` }, { expected: part, actual: actual[key] }, measure),
    );
  }
  if (typeof expected === 'number' && typeof actual === 'number') {
    const difference = Math.abs(expected - actual);
    const isMismatch = !(difference <= allowedAt(expected, measure)) || isAcross(expected, actual, measure);
    return [{ example, path, expected, actual, difference, isMismatch }];
  }
  return [{ example, path, expected, actual, difference: 0, isMismatch: expected !== actual }];
}

function allowedAt(expected: number, { absoluteTolerance, relativeTolerance }: GoldenTolerance): number {
  return absoluteTolerance + relativeTolerance * Math.abs(expected);
}

/** The places of the largest score of a row, where they differ and the two were not level; other lists than of scores have none. */
function findOtherClass(
  expected: readonly unknown[],
  actual: readonly unknown[],
  tolerance: GoldenTolerance,
): { readonly expected: number; readonly actual: number } | undefined {
  if (!(isScores(expected) && isScores(actual))) return undefined;
  const [best, largest] = [Math.max(...expected), Math.max(...actual)];
  const place = actual.indexOf(largest);
  const lead = best - (expected[place] ?? Number.NaN);
  return lead > TIE * allowedAt(best, tolerance)
    ? { expected: expected.indexOf(best), actual: place }
    : undefined;
}

/** Whether a single score says another class than the stored one, which was not level with where they part. */
function isAcross(expected: number, actual: number, measure: GoldenMeasure): boolean {
  const { boundary } = measure;
  if (boundary === undefined || actual > boundary === expected > boundary) return false;
  return Math.abs(expected - boundary) > TIE * allowedAt(expected, measure);
}

function isScores(row: readonly unknown[]): row is readonly number[] {
  return row.length > 1 && row.every((score) => typeof score === 'number');
}

function describeReplay(
  { verdict, examples, mismatches, maxDifference }: Omit<GoldenReplay, 'reason'>,
  told: string,
): Reason {
  const first = mismatches[0];
  const sampleSize = examples;
  if (verdict === 'inconclusive') {
    return {
      code: 'golden-unanswered',
      metric: 'golden',
      message: 'No stored example was answered.',
      sampleSize: 0,
    };
  }
  if (first === undefined) {
    const message = `All ${examples} stored examples give the stored answers (largest difference ${maxDifference}; ${told}).`;
    return { code: 'golden-same', metric: 'golden', message, observed: maxDifference, sampleSize };
  }
  const message =
    `The live endpoint does not give the stored answers: example ${first.example} at ${first.path} ` +
    `should be ${JSON.stringify(first.expected)} and is ${JSON.stringify(first.actual) ?? 'missing'} (${told}).`;
  return { code: 'golden-differs', metric: 'golden', message, observed: maxDifference, sampleSize };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function haveSameKeys(left: object, right: object): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key));
}
