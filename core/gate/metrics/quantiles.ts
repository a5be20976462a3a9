import type { Task } from '../../answers/contract.ts';
import { groupedMeanDifference, meanDifference } from '../../statistics/intervals/mean-difference.ts';
import { MIN_GROUPS } from '../comparison/comparison.ts';
import { groupRows } from '../comparison/group-rows.ts';
import type { Pair, Sample, Side } from '../predictions.ts';
import { largestOf } from './largest-error.ts';
import {
  alwaysDefined,
  type Metric,
  type RowMetric,
  rateOfRows,
  type Undefined,
  type UnseenShares,
} from './metric.ts';

const TASKS: readonly Task[] = ['quantiles'];
const NONE = new Float64Array();
/** Of a number in single precision; some of its last digits. */
const ROUNDING = 1e-6;
/** Spreads are the same at any. */
const LEVEL = 0.9;

/**
 * Metrics of several predicted quantiles. `coverage` is the share of targets between the lowest and the highest, `coverage-error` how far
 * that is from what they promise, `quantile-crossing` the share of rows where a higher quantile lies below a lower one.
 */
export const QUANTILE_METRICS: readonly Metric[] = [
  {
    name: 'mean-pinball',
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: TASKS,
    whyUndefined: alwaysDefined,
    rowValues: ({ classes, labels }, { parts }) => {
      const losses = classes.map((name, place) => pinballLosses(Number(name), labels, parts[place] ?? NONE));
      return labels.map((_, row) => losses.reduce((sum, loss) => sum + (loss[row] ?? 0), 0) / losses.length);
    },
    unseenHarm: (pair, shares) => {
      const harms = pair.sample.classes.map((name, place) =>
        unseenPinball(Number(name), pair, place, shares),
      );
      return harms.reduce((sum, harm) => sum + harm, 0) / harms.length;
    },
  },
  { ...pinballOf(0.5), name: 'pinball' },
  shareOfRows('coverage', 'higher', isCovered),
  {
    name: 'coverage-error',
    method: 'bootstrap',
    byAnswer: false,
    direction: 'lower',
    unit: 'rate',
    tasks: TASKS,
    whyUndefined: alwaysDefined,
    prepare: (sample, side) => {
      const covered = coveredRows(sample, side);
      const promised = promisedCoverage(sample);
      return (weights) => {
        let [inside, drawn] = [0, 0];
        for (let row = 0; row < covered.length; row += 1) {
          const times = weights[row] ?? 0;
          inside += times * (covered[row] ?? 0);
          drawn += times;
        }
        return Math.abs(inside / drawn - promised);
      };
    },
    unseenHarm: ({ sample, champion }, { ofAll }) => ofAll + coverageNoise(sample, champion),
  },
  shareOfRows('quantile-crossing', 'lower', (_, { parts }, row) => isCrossed(parts, row)),
];

/** The pinball loss of one of the quantiles that are predicted. */
export function pinballOf(quantile: number): RowMetric {
  const placeIn = ({ classes }: Sample): number => classes.findIndex((name) => Number(name) === quantile);
  return {
    name: `pinball of ${quantile}`,
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: TASKS,
    whyUndefined: (sample) => missingQuantile(sample, quantile),
    rowValues: (sample, { parts }) => pinballLosses(quantile, sample.labels, parts[placeIn(sample)] ?? NONE),
    unseenHarm: (pair, shares) => unseenPinball(quantile, pair, placeIn(pair.sample), shares),
  };
}

/** A target above the prediction weighs `quantile`, one below it the rest: scikit-learn's `mean_pinball_loss`, row by row. */
export function pinballLosses(quantile: number, labels: Float64Array, predicted: Float64Array): Float64Array {
  return labels.map((label, row) => {
    const above = label - (predicted[row] ?? Number.NaN);
    return above >= 0 ? quantile * above : (quantile - 1) * above;
  });
}

/** Whether a higher quantile of the row lies below a lower one, by more than single precision rounds. */
export function isCrossed(parts: readonly Float64Array[], row: number): boolean {
  return parts.some((column, place) => {
    const [lower, higher] = [parts[place - 1]?.[row] ?? Number.NaN, column[row] ?? Number.NaN];
    return lower - higher > ROUNDING * Math.max(Math.abs(lower), Math.abs(higher));
  });
}

function shareOfRows(
  name: string,
  direction: Metric['direction'],
  isCounted: (sample: Sample, side: Side, row: number) => boolean,
): RowMetric {
  return rateOfRows({ name, direction, tasks: TASKS }, (sample, side) =>
    sample.labels.map((_, row) => (isCounted(sample, side, row) ? 1 : 0)),
  );
}

function isCovered({ labels }: Sample, { parts }: Side, row: number): boolean {
  const label = labels[row] ?? Number.NaN;
  return label >= (parts[0]?.[row] ?? Number.NaN) && label <= (parts.at(-1)?.[row] ?? Number.NaN);
}

function coveredRows(sample: Sample, side: Side): Float64Array {
  return sample.labels.map((_, row) => (isCovered(sample, side, row) ? 1 : 0));
}

/**
 * The coverage error that chance alone shows where quantiles cover what they promise: a good champion's is made of it and a worse challenger's
 * is not, which flatters the challenger, and the draws do so again; at most the square root of 2 in all, as for `ece`. Rows that belong together make
 * it as many times larger as they do the spread of what is covered.
 */
function coverageNoise(sample: Sample, side: Side): number {
  const promised = promisedCoverage(sample);
  const covered = coveredRows(sample, side);
  const spread = Math.sqrt((promised * (1 - promised)) / covered.length);
  return Math.SQRT2 * Math.sqrt(2 / Math.PI) * spread * spreadTogether(sample, covered);
}

/** How many times wider the spread of a mean is than that of rows that do not depend on each other, at least 1. */
function spreadTogether({ groups }: Sample, values: Float64Array): number {
  if (groups === undefined) return 1;
  const { groupOf, names } = groupRows(groups);
  if (names.length < MIN_GROUPS) return 1;
  const grouped = groupedMeanDifference(values, { groupOf, groups: names.length }, LEVEL).standardError;
  const alone = meanDifference(values, LEVEL).standardError;
  return alone === 0 ? 1 : Math.max(1, grouped / alone);
}

/** What share of targets lies between the lowest and the highest quantile, if they are what they say. */
function promisedCoverage({ classes }: Sample): number {
  return Number(classes.at(-1)) - Number(classes[0]);
}

/** No error has a limit; taken is the spread of the targets, or the largest error seen. */
function unseenPinball(
  quantile: number,
  { sample, champion, challenger }: Pair,
  place: number,
  { ofAll }: UnseenShares,
): number {
  const { labels } = sample;
  const spread = largestOf(labels) + largestOf(labels.map((label) => -label));
  const errors = ({ parts }: Side): Float64Array =>
    labels.map((label, row) => Math.abs((parts[place]?.[row] ?? Number.NaN) - label));
  const largest = Math.max(spread, largestOf(errors(champion)), largestOf(errors(challenger)));
  return Math.max(quantile, 1 - quantile) * largest * ofAll;
}

function missingQuantile({ classes }: Sample, quantile: number): Undefined | undefined {
  if (classes.some((name) => Number(name) === quantile)) return undefined;
  const message = `the model predicts the quantiles ${classes.join(', ')}, and not ${quantile}.`;
  return { code: 'quantile-absent', message };
}
