import { formatCount, formatPercent } from '../report/format-number.ts';
import { normalQuantile } from '../statistics/distributions/normal.ts';
import { sumOf } from '../statistics/sum-of.ts';
import type { Interval } from '../verdict.ts';
import type { ConfidenceBins } from './profile.ts';

const LEVEL = 0.95;
const MIN_ROWS = 100;
const LARGEST_OUT_OF_RANGE = 0.05;
const LARGEST_UNKNOWN = 0.05;

/** Why no estimate is shown: it would rest on an assumption that is known to be broken, or on nothing. */
const SUPPRESSIONS = {
  'no-confidence-bins': 'the profile has no confidence bins',
  'bins-differ': 'the confidences were counted in other bins than the profile has',
  'too-few-rows': `fewer than ${MIN_ROWS} predictions have a confidence`,
  'unknown-confidence': 'too many predictions have a confidence that the reference never had',
  'out-of-range': 'more than 5% of inputs are outside the range of training',
  'input-alarm': 'inputs have drifted',
  'label-alarm': 'labels show that confidence no longer means what it did',
} as const;
type Suppression = keyof typeof SUPPRESSIONS;

/** Accuracy without labels. Always an estimate that assumes inputs moved but their meaning (P(y|x)) did not. */
export type AccuracyEstimate =
  | {
      readonly kind: 'estimate';
      readonly accuracy: number;
      readonly interval: Interval;
      readonly reference: number;
      readonly rows: number;
      readonly explanation: string;
    }
  | { readonly kind: 'suppressed'; readonly code: Suppression; readonly explanation: string };

/** What is known to break the estimate's assumption. */
type AccuracyGuards = {
  readonly outOfRangeShare: number;
  readonly hasInputAlarm: boolean;
  readonly hasLabelAlarm: boolean;
};

/**
 * Estimates accuracy from the confidences alone: the reference's accuracy in each confidence bin, weighted by how often live
 * predictions fall there (confidence-based performance estimation on bins). `counts` are live rows per bin.
 *
 * Claim: 95% intervals hold the true accuracy in 93 to 97% of batches while inputs move; they count both samples' noise.
 * Assumes: inputs may move, their meaning may not: a prediction of this confidence is right as often as on the reference. Where that is
 * known to be broken the estimate is left out; where it is not known, the estimate is wrong without a sign of it.
 * Reference: NannyML's CBPE (nannyml.readthedocs.io, "How it works"); Garg et al., "Leveraging unlabeled data to predict
 * out-of-distribution performance" (ICLR 2022, arXiv 2201.04234).
 * Vector: test/core/drift/accuracy.test.ts; measure/simulate/accuracy.ts, row 11 of docs/decisions.md.
 */
export function estimateAccuracy(
  bins: ConfidenceBins | undefined,
  counts: readonly number[],
  guards: AccuracyGuards,
): AccuracyEstimate {
  const code = findSuppression(bins, counts, guards);
  if (bins === undefined || code !== undefined) return suppress(code ?? 'no-confidence-bins');
  const known = counts.map((count, bin) => ((bins.total[bin] ?? 0) > 0 ? count : 0));
  const rows = known.reduce((sum, count) => sum + count, 0);
  let accuracy = 0;
  let perRow = 0;
  let fromReference = 0;
  for (const [bin, count] of known.entries()) {
    const total = bins.total[bin] ?? 0;
    if (total === 0) continue;
    const right = (bins.correct[bin] ?? 0) / total;
    const share = count / rows;
    accuracy += share * right;
    perRow += share * right * (1 - right);
    fromReference += (share ** 2 * right * (1 - right)) / total;
  }
  const halfWidth = normalQuantile((1 + LEVEL) / 2) * Math.sqrt(perRow / rows + fromReference);
  const interval = {
    low: Math.max(0, accuracy - halfWidth),
    high: Math.min(1, accuracy + halfWidth),
    level: LEVEL,
  };
  const reference = sumOf(bins.correct) / sumOf(bins.total);
  const explanation =
    `Accuracy is estimated at ${formatPercent(accuracy)} [${formatPercent(interval.low)}, ${formatPercent(interval.high)}] ` +
    `over ${formatCount(rows)} predictions without labels (reference: ${formatPercent(reference)}); ` +
    'it assumes that the same inputs still mean the same.';
  return { kind: 'estimate', accuracy, interval, reference, rows, explanation };
}

function findSuppression(
  bins: ConfidenceBins | undefined,
  counts: readonly number[],
  guards: AccuracyGuards,
): Suppression | undefined {
  if (bins === undefined || bins.total.length < 2) return 'no-confidence-bins';
  const isCounted = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (counts.length !== bins.total.length || !isCounted) return 'bins-differ';
  const rows = sumOf(counts);
  if (rows < MIN_ROWS) return 'too-few-rows';
  const unknown = sumOf(counts.filter((_, bin) => bins.total[bin] === 0));
  if (unknown > LARGEST_UNKNOWN * rows) return 'unknown-confidence';
  if (guards.hasLabelAlarm) return 'label-alarm';
  if (!(guards.outOfRangeShare <= LARGEST_OUT_OF_RANGE)) return 'out-of-range';
  return guards.hasInputAlarm ? 'input-alarm' : undefined;
}

function suppress(code: Suppression): AccuracyEstimate {
  return { kind: 'suppressed', code, explanation: `No accuracy estimate: ${SUPPRESSIONS[code]}.` };
}
