import { normalCdf, normalDensity, normalQuantile } from '../../statistics/distributions/normal.ts';
import type { PairedDifference } from '../../statistics/intervals/bonett-price.ts';
import { groupedMeanDifference, meanDifference } from '../../statistics/intervals/mean-difference.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Interval } from '../../verdict.ts';
import { MIN_GROUPS } from '../comparison/comparison.ts';
import { groupRows } from '../comparison/group-rows.ts';
import type { Sample, Side } from '../predictions.ts';
import { probability } from './probability.ts';

const CALIBRATION_BINS = 10;

/** Every row by how sure the model is of its answer: its confidence, whether it is right, and its bin of ten equally wide ones. */
type Confidences = {
  readonly confidence: Float64Array;
  readonly right: Uint8Array;
  readonly bins: Uint8Array;
};

/** The rows of one bin. */
type ConfidenceBin = {
  readonly low: number;
  readonly high: number;
  readonly rows: Uint32Array;
  /** Means over its rows. */
  readonly confidence: number;
  readonly accuracy: number;
};

function confidencesOf({ labels }: Sample, side: Side): Confidences {
  const confidence = Float64Array.from(side.predictions, (answer, row) => probability(side, answer, row));
  const right = Uint8Array.from(side.predictions, (answer, row) => (answer === labels[row] ? 1 : 0));
  return { confidence, right, bins: Uint8Array.from(confidence, binOf) };
}

function binOf(confidence: number): number {
  return Math.min(CALIBRATION_BINS - 1, Math.floor(confidence * CALIBRATION_BINS));
}

/** Expected calibration error of the predicted class over ten equal-width confidence bins (Guo et al. 2017). */
export function preparedCalibrationError(sample: Sample, side: Side): WeightedStatistic {
  const { confidence, right, bins } = confidencesOf(sample, side);
  const gaps = new Float64Array(CALIBRATION_BINS);
  return (weights) => {
    gaps.fill(0);
    let total = 0;
    for (let row = 0; row < bins.length; row += 1) {
      const weight = weights[row] ?? 0;
      const bin = bins[row] ?? 0;
      gaps[bin] = (gaps[bin] ?? 0) + weight * ((right[row] ?? 0) - (confidence[row] ?? 0));
      total += weight;
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
  };
}

/**
 * The calibration error that a calibrated model with these confidences would show by chance alone. A good champion's error is made of it, and
 * a worse challenger's is not, which flatters the challenger; the draws, noise upon noise, do so by another part: at most the square root of 2 in
 * all.
 */
export function calibrationNoise(side: Side): number {
  const variances = new Float64Array(CALIBRATION_BINS);
  for (const [row, predicted] of side.predictions.entries()) {
    const confidence = probability(side, predicted, row);
    const bin = binOf(confidence);
    variances[bin] = (variances[bin] ?? 0) + confidence * (1 - confidence);
  }
  const gaps = variances.reduce((sum, variance) => sum + Math.sqrt((2 / Math.PI) * variance), 0);
  return gaps / side.predictions.length;
}

/** The bins that hold rows, from the least sure on. */
export function binConfidences(sample: Sample, side: Side): readonly ConfidenceBin[] {
  const { confidence, right, bins } = confidencesOf(sample, side);
  const sizes = new Uint32Array(CALIBRATION_BINS);
  for (const bin of bins) sizes[bin] = (sizes[bin] ?? 0) + 1;
  const rowsOf = Array.from(sizes, (size) => new Uint32Array(size));
  const sums = rowsOf.map(() => ({ confidence: 0, right: 0, rows: 0 }));
  for (const [row, bin] of bins.entries()) {
    const [rows, sum] = [rowsOf[bin], sums[bin]];
    if (rows === undefined || sum === undefined) continue;
    rows[sum.rows] = row;
    sum.rows += 1;
    sum.confidence += confidence[row] ?? 0;
    sum.right += right[row] ?? 0;
  }
  return sums.flatMap((sum, bin) => {
    const rows = rowsOf[bin] ?? new Uint32Array();
    if (rows.length === 0) return [];
    const [low, high] = [bin / CALIBRATION_BINS, (bin + 1) / CALIBRATION_BINS];
    return [{ low, high, rows, confidence: sum.confidence / rows.length, accuracy: sum.right / rows.length }];
  });
}

/**
 * The interval of the calibration error that these rows stand for; `undefined` with too few groups.
 *
 * Claim: each end holds with at least about 95% (at `level` 0.9), from no error at all to a large one.
 * Assumes: independent rows or groups, and the same ten bins. Which side of the diagonal a bin lies on is taken as seen: the error then is a
 * mean over the rows. Chance alone opens gaps, so from the lower end is taken what it may have added to each bin, which is much where the
 * gap may be none and nothing where it is plain (the mean of a folded normal).
 * Reference: Student (1908); Leone, Nelson & Nottingham, "The folded normal distribution" (Technometrics, 1961).
 * Vector: test/core/gate/calibration-interval.test.ts, by drawing holdouts of which the truth is known.
 */
export function calibrationInterval(sample: Sample, side: Side, level: number): Interval | undefined {
  const { confidence, right, bins } = confidencesOf(sample, side);
  const gaps = new Float64Array(CALIBRATION_BINS);
  const squares = new Float64Array(CALIBRATION_BINS);
  const gapOf = (row: number): number => (right[row] ?? 0) - (confidence[row] ?? 0);
  for (const [row, bin] of bins.entries()) {
    const sure = confidence[row] ?? 0;
    gaps[bin] = (gaps[bin] ?? 0) + gapOf(row);
    squares[bin] = (squares[bin] ?? 0) + Math.max(gapOf(row) ** 2, sure * (1 - sure));
  }
  const values = Float64Array.from(bins, (bin, row) => Math.sign(gaps[bin] ?? 0) * gapOf(row));
  const mean = meanOf(values, sample, level);
  if (mean === undefined) return undefined;
  const { estimate, interval, together } = mean;
  const z = normalQuantile((1 + level) / 2);
  const added = gaps.reduce((sum, gap, bin) => {
    const spread = together * Math.sqrt(squares[bin] ?? 0);
    return sum + foldedBias(Math.max(0, Math.abs(gap) - z * spread), spread);
  }, 0);
  const low = Math.max(0, Math.min(estimate, interval.low - added / bins.length));
  return { low, high: Math.min(1, interval.high), level };
}

/** `together` is how many times wider the spread is than that of rows that do not depend on each other, at least 1. */
function meanOf(
  values: Float64Array,
  { groups }: Sample,
  level: number,
): (PairedDifference & { readonly together: number }) | undefined {
  const independent = meanDifference(values, level);
  if (groups === undefined) return { ...independent, together: 1 };
  const { groupOf, names } = groupRows(groups);
  if (names.length < MIN_GROUPS) return undefined;
  const grouped = groupedMeanDifference(values, { groupOf, groups: names.length }, level);
  if (!(grouped.standardError > independent.standardError)) return { ...independent, together: 1 };
  return {
    ...grouped,
    together: grouped.standardError / Math.max(independent.standardError, Number.MIN_VALUE),
  };
}

/** How much larger the size of a normal number is on average than the size of its mean. */
function foldedBias(mean: number, spread: number): number {
  if (spread === 0) return 0;
  const shift = mean / spread;
  return spread * (2 * normalDensity(shift) - 2 * shift * normalCdf(-shift));
}
