import type { Pair, Sample, Side } from '../predictions.ts';
import { largestError, largestOf } from './largest-error.ts';
import {
  alwaysDefined,
  type Metric,
  type RowMetric,
  type SampleMetric,
  type Undefined,
  type UnseenShares,
} from './metric.ts';

/** Metrics of a predicted number. */
export const REGRESSION_METRICS: readonly Metric[] = [
  rowLoss('mae', Math.abs, largestError),
  rowLoss(
    'mse',
    (error) => error * error,
    (pair) => largestError(pair) ** 2,
  ),
  {
    ...rowLoss('mape', (error, label) => Math.abs(error) / Math.abs(label), largestShareOfTarget),
    whyUndefined: zeroTarget,
  },
  wholeSample({
    name: 'rmse',
    direction: 'lower',
    whyUndefined: alwaysDefined,
    measure: (squares, weight) => Math.sqrt(squares / weight),
    unseenHarm: (pair, { ofAll }) => {
      const mean = meanSquare(pair);
      return Math.sqrt(mean + ofAll * largestError(pair) ** 2) - Math.sqrt(mean);
    },
  }),
  wholeSample({
    name: 'r2',
    direction: 'higher',
    whyUndefined: constantTarget,
    measure: (squares, _, spread) => 1 - squares / spread,
    unseenHarm: (pair, { ofAll }) => (ofAll * largestError(pair) ** 2) / variance(pair.sample.labels),
  }),
];

type OfPair = (pair: Pair) => number;

/** `largest` is what a row that the model fails on completely may cost. */
function rowLoss(name: string, loss: (error: number, label: number) => number, largest: OfPair): RowMetric {
  return {
    name,
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: ['regression'],
    whyUndefined: alwaysDefined,
    rowValues: (sample, side) =>
      sample.labels.map((label, row) => loss((side.predictions[row] ?? Number.NaN) - label, label)),
    unseenHarm: (pair, { ofAll }) => largest(pair) * ofAll,
  };
}

/** The largest error for a target of the usual size, or the largest share of its target that any row shows. */
function largestShareOfTarget(pair: Pair): number {
  const { sample, champion, challenger } = pair;
  const sizes = sample.labels.map(Math.abs);
  const shares = ({ predictions }: Side): Float64Array =>
    predictions.map((value, row) => Math.abs(value - (sample.labels[row] ?? Number.NaN)) / (sizes[row] ?? 1));
  const usual = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return Math.max(largestError(pair) / usual, largestOf(shares(champion)), largestOf(shares(challenger)));
}

function meanSquare({ sample, challenger }: Pair): number {
  const { labels } = sample;
  const sum = labels.reduce(
    (total, label, row) => total + ((challenger.predictions[row] ?? Number.NaN) - label) ** 2,
    0,
  );
  return sum / labels.length;
}

function variance(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

type OfSums = (squaredErrors: number, weight: number, squaredSpread: number) => number;

/** A metric that is a function of sums over the rows. */
type SumsMetric = Pick<SampleMetric, 'name' | 'direction' | 'whyUndefined'> & {
  readonly measure: OfSums;
  readonly unseenHarm: (pair: Pair, shares: UnseenShares) => number;
};

function wholeSample({ name, direction, whyUndefined, measure, unseenHarm }: SumsMetric): SampleMetric {
  return {
    name,
    method: 'bootstrap',
    byAnswer: false,
    direction,
    unit: 'number',
    tasks: ['regression'],
    whyUndefined,
    unseenHarm,
    prepare: (sample, side) => {
      const squares = sample.labels.map((label, row) => ((side.predictions[row] ?? Number.NaN) - label) ** 2);
      // Labels are centred once so that the spread does not drown in rounding when they are large.
      const centre = sample.labels.reduce((sum, label) => sum + label, 0) / sample.labels.length;
      const centred = sample.labels.map((label) => label - centre);
      return (weights) => {
        let [error, weight, sum, sumOfSquares] = [0, 0, 0, 0];
        for (let row = 0; row < squares.length; row += 1) {
          const times = weights[row] ?? 0;
          const label = centred[row] ?? 0;
          error += times * (squares[row] ?? 0);
          weight += times;
          sum += times * label;
          sumOfSquares += times * label * label;
        }
        return measure(error, weight, sumOfSquares - (sum * sum) / weight);
      };
    },
  };
}

function constantTarget(sample: Sample): Undefined | undefined {
  if (sample.labels.some((label) => label !== sample.labels[0])) return undefined;
  return { code: 'constant-target', message: 'All rows have the same target value, so R2 is not defined.' };
}

function zeroTarget(sample: Sample): Undefined | undefined {
  if (!sample.labels.includes(0)) return undefined;
  return { code: 'zero-target', message: 'Some target values are 0, so a percentage error is not defined.' };
}
