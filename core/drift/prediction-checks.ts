import { formatCount } from '../report/format-number.ts';
import { shareAtMost } from '../statistics/intervals/clopper-pearson.ts';
import { sumOf } from '../statistics/sum-of.ts';
import type { Reason } from '../verdict.ts';
import { listJudged, PREDICTION } from './judged-feature.ts';
import type { ReferenceProfile } from './profile.ts';
import type { CaptureWindow } from './window.ts';

/** Something wrong now that no day needs to pass for; `since` is the start of the check that raised the alarm. */
export type FastFinding = Reason & { readonly since: string };

/** No run of the same answer is looked at that is shorter, and no share is taken from fewer rows of service. */
const FEWEST_ROWS = 200;
/** A run is a finding where so few like it are expected among all rows that were seen. */
const EXPECTED_RUNS = 0.01;
/** Holdouts are enriched with rare answers: in service these may be so many times as rare. */
const MOST_ENRICHED = 20;
const SHARE_ALPHA = 0.01;

/**
 * A finding when the newest predictions all fell in one bin, so many of them that chance does not explain it, and no run half as long came
 * before. `since` is the first window from which on they do.
 *
 * Claim: of the rows that were seen, at most `EXPECTED_RUNS` such runs are expected while the answers are as they were before, or, where
 * too few were, as on the holdout with every other answer `MOST_ENRICHED` times as rare.
 * Assumes: rows are independent; runs that come again, as at night, are told by the longest before.
 * Reference: the expected number of runs of n among N independent rows is at most N times the share to the power of n.
 * Vector: test/core/drift/constant-prediction.test.ts.
 */
export function findConstantPrediction(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
): FastFinding | undefined {
  const judged = listJudged(profile).find(({ kind }) => kind === PREDICTION);
  if (judged === undefined) return undefined;
  const answers = windows.flatMap((window) => readAnswers(window, judged.reference.length));
  const run = followRun(answers);
  if (run === undefined || run.rows < FEWEST_ROWS) return undefined;
  const before = answers.slice(0, answers.length - run.length);
  if (longestRun(before, run.bin) >= run.rows / 2) return undefined;
  const usual = findUsualShare(judged.reference, before, run.bin);
  const seen = answers.reduce((sum, { rows }) => sum + rows, 0);
  if (Math.log(seen) + run.rows * Math.log(usual.atMost) > Math.log(EXPECTED_RUNS)) return undefined;
  const answer = judged.binNames[run.bin] ?? '';
  return {
    code: 'constant-prediction',
    metric: PREDICTION,
    message: `The last ${formatCount(run.rows)} predictions were all \`${answer}\`; ${usual.words}.`,
    observed: 1,
    limit: usual.atMost,
    sampleSize: run.rows,
    since: run.since,
  };
}

/** What one window holds of answers; `only` is the bin that all of them fell in. */
type Answers = {
  readonly from: string;
  readonly rows: number;
  readonly counts: readonly number[];
  readonly only: number | undefined;
};

function readAnswers({ prediction: { counts }, from }: CaptureWindow, bins: number): readonly Answers[] {
  const rows = sumOf(counts);
  if (counts.length !== bins || rows === 0) return [];
  const only = counts.indexOf(rows);
  return [{ from, rows, counts, only: only < 0 ? undefined : only }];
}

type Run = {
  readonly bin: number;
  readonly rows: number;
  readonly length: number;
  readonly since: string;
};

/** From the newest window back, for as long as all predictions fall in the same bin. */
function followRun(answers: readonly Answers[]): Run | undefined {
  const newest = answers.at(-1);
  const bin = newest?.only;
  if (newest === undefined || bin === undefined) return undefined;
  const before = answers.findLastIndex(({ only }) => only !== bin);
  const run = answers.slice(before + 1);
  return {
    bin,
    rows: sumOf(run.map(({ rows }) => rows)),
    length: run.length,
    since: run[0]?.from ?? newest.from,
  };
}

/** The most rows one after the other that all fell in this bin. */
function longestRun(answers: readonly Answers[], bin: number): number {
  let longest = 0;
  let rows = 0;
  for (const one of answers) {
    rows = one.only === bin ? rows + one.rows : 0;
    longest = Math.max(longest, rows);
  }
  return longest;
}

/** How large the share of this answer may usually be, and what says so. */
function findUsualShare(
  reference: readonly number[],
  before: readonly Answers[],
  bin: number,
): { readonly atMost: number; readonly words: string } {
  const trials = sumOf(before.map(({ rows }) => rows));
  const isKnown = trials >= FEWEST_ROWS;
  const seen = isKnown
    ? { count: sumOf(before.map(({ counts }) => counts[bin] ?? 0)), trials }
    : { count: reference[bin] ?? 0, trials: sumOf(reference) };
  const atMost = seen.trials === 0 ? 1 : shareAtMost(seen, SHARE_ALPHA);
  return {
    atMost: isKnown ? atMost : 1 - (1 - atMost) / MOST_ENRICHED,
    words: `of ${formatCount(seen.trials)} ${isKnown ? 'before them' : 'on the holdout'}, ${formatCount(seen.count)} were`,
  };
}
