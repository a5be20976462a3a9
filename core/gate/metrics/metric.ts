import type { Task } from '../../answers/contract.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Interval } from '../../verdict.ts';
import type { Pair, Sample, Side } from '../predictions.ts';

/** Why a metric has no value on some rows, or two models no comparison: a stable code and one plain sentence. */
export type Undefined = { readonly code: string; readonly message: string };

/** How values of a metric are printed: as a percentage (differences in points) or as a plain number. */
export type Unit = 'rate' | 'number';

type Named = {
  readonly name: string;
  readonly direction: 'higher' | 'lower';
  readonly unit: Unit;
  readonly tasks: readonly Task[];
  /** Why it has no value on these rows, or `undefined` when it has one. */
  readonly whyUndefined: (sample: Sample, side: Side) => Undefined | undefined;
  /** What people should know of these rows beside the value, as a part of a sentence. */
  readonly aside?: (sample: Sample) => string | undefined;
};

/** The mean of right (1) and wrong (0) rows: compared exactly by who was right where. */
export type RightnessMetric = Named & {
  readonly method: 'rightness';
  readonly rowValues: (sample: Sample, side: Side) => Float64Array;
};

/** How large a part of all rows, and of those of one label, may be of a kind that the holdout shows none of. */
export type UnseenShares = { readonly ofAll: number; readonly ofLabel: (label: number) => number };

type BoundedHarm = {
  /** How much the challenger would lose, in the metric's unit, if it failed completely on such a part of the rows. */
  readonly unseenHarm: (pair: Pair, shares: UnseenShares) => number;
};

/** The mean of one number per row: compared by the mean of the differences. */
export type RowMetric = Named &
  BoundedHarm & {
    readonly method: 'rows';
    readonly rowValues: (sample: Sample, side: Side) => Float64Array;
  };

type OfSample = Named & {
  /** Fixes the rows and gives the metric as a function of how often each was drawn. */
  readonly prepare: (sample: Sample, side: Side) => WeightedStatistic;
  /** How well these rows fix the metric's own value, where there is a way to say it. */
  readonly ownInterval?: (sample: Sample, side: Side, level: number) => Interval | undefined;
};

/** A metric of the whole sample that looks at label and predicted class alone, so that rows with the same of both are alike. */
export type ByAnswerMetric = OfSample & { readonly method: 'bootstrap'; readonly byAnswer: true };

/** The area under the ROC curve; of more than two classes a mean of those of each against the rest, weighed by its rows. */
export type AucMetric = OfSample &
  BoundedHarm & {
    readonly method: 'auc';
    readonly byAnswer: false;
    readonly weigh: (rows: number) => number;
  };

/** Any other metric of the whole sample. */
type ByValueMetric = OfSample & BoundedHarm & { readonly method: 'bootstrap'; readonly byAnswer: false };

/** A metric of the whole sample: compared by the paired bootstrap, ROC AUC by DeLong where it can be. */
export type SampleMetric = ByAnswerMetric | AucMetric | ByValueMetric;

export type Metric = RightnessMetric | RowMetric | SampleMetric;

/** The value of `metric` for one model on these rows, or why there is none. */
export function evaluateMetric(metric: Metric, sample: Sample, side: Side): number | Undefined {
  const why = metric.whyUndefined(sample, side);
  if (why !== undefined) return why;
  const value = isPerRow(metric)
    ? mean(metric.rowValues(sample, side))
    : metric.prepare(sample, side)(new Uint32Array(sample.ids.length).fill(1));
  if (Number.isFinite(value)) return value;
  return { code: 'not-finite-metric', message: `${metric.name} is ${String(value)} on these rows.` };
}

/** Whether the metric is a mean of one number per row. */
export function isPerRow(metric: Metric): metric is RightnessMetric | RowMetric {
  return metric.method === 'rightness' || metric.method === 'rows';
}

/** For metrics that any rows give a value to. */
export function alwaysDefined(): undefined {
  return undefined;
}

/** A metric that is the mean of numbers between 0 and 1, one for each row; a row nobody has seen may change by all of that. */
export function rateOfRows(
  about: Pick<RowMetric, 'name' | 'direction' | 'tasks'>,
  rowValues: (sample: Sample, side: Side) => Float64Array,
): RowMetric {
  return {
    ...about,
    method: 'rows',
    unit: 'rate',
    whyUndefined: alwaysDefined,
    rowValues,
    unseenHarm: (_, { ofAll }) => ofAll,
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
