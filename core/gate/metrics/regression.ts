import type { Sample } from '../predictions.ts';
import { alwaysDefined, type Metric, type RowMetric, type SampleMetric, type Undefined } from './metric.ts';

/** Metrics of a predicted number. */
export const REGRESSION_METRICS: readonly Metric[] = [
  rowLoss('mae', Math.abs),
  rowLoss('mse', (error) => error * error),
  { ...rowLoss('mape', (error, label) => Math.abs(error) / Math.abs(label)), whyUndefined: zeroTarget },
  wholeSample({
    name: 'rmse',
    direction: 'lower',
    whyUndefined: alwaysDefined,
    measure: (squares, weight) => Math.sqrt(squares / weight),
  }),
  wholeSample({
    name: 'r2',
    direction: 'higher',
    whyUndefined: constantTarget,
    measure: (squares, _, spread) => 1 - squares / spread,
  }),
];

function rowLoss(name: string, loss: (error: number, label: number) => number): RowMetric {
  return {
    name,
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: ['regression'],
    whyUndefined: alwaysDefined,
    rowValues: (sample, side) =>
      sample.labels.map((label, row) => loss((side.predictions[row] ?? Number.NaN) - label, label)),
  };
}

type OfSums = (squaredErrors: number, weight: number, squaredSpread: number) => number;

/** A metric that is a function of sums over the rows. */
type SumsMetric = Pick<SampleMetric, 'name' | 'direction' | 'whyUndefined'> & { readonly measure: OfSums };

function wholeSample({ name, direction, whyUndefined, measure }: SumsMetric): SampleMetric {
  return {
    name,
    method: 'bootstrap',
    byAnswer: false,
    direction,
    unit: 'number',
    tasks: ['regression'],
    whyUndefined,
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
