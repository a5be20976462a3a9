import { type Pair, placeOf, type Sample, type Side } from '../predictions.ts';
import type { Costs, MetricDetail } from '../rules/rule.ts';
import { largestError } from './largest-error.ts';
import { alwaysDefined, type Metric, type RowMetric, type Undefined } from './metric.ts';
import { pinballLosses } from './quantiles.ts';
import { ratio } from './ratio.ts';

/** Metrics that take more than their name: what mistakes cost, or which quantile is predicted. */
export const DETAILED_METRICS: readonly Metric[] = [expectedCost({}), pinball(0.5)];

/** What a rule says of its metric, put in; the metric as it is where it says nothing. */
export function detailMetric(metric: Metric, { class: ofClass, costs, quantile }: MetricDetail): Metric {
  if (costs !== undefined) return expectedCost(costs);
  if (quantile !== undefined) return pinball(quantile);
  return ofClass === undefined ? metric : ofOneClass(metric.name, ofClass);
}

/**
 * The mean cost of the answers, by a cost for each label and wrong answer; a right one costs nothing unless it is given a cost. An answer that
 * is none of the classes costs what the dearest of them does there.
 */
function expectedCost(costs: Costs): RowMetric {
  const costOf = (label: string, answer: string): number | undefined =>
    costs[label]?.[answer] ?? (label === answer ? 0 : undefined);
  const matrixOf = ({ classes }: Sample): number[][] =>
    classes.map((label) => classes.map((answer) => costOf(label, answer) ?? Number.NaN));
  return {
    name: 'expected-cost',
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: ['binary', 'multiclass'],
    whyUndefined: ({ classes }) => missingCost(classes, costOf),
    rowValues: (sample, side) => {
      const matrix = matrixOf(sample);
      const dearest = matrix.map((row) => Math.max(...row));
      return sample.labels.map(
        (label, row) =>
          matrix[label]?.[placeOf(sample, side.predictions[row])] ?? dearest[label] ?? Number.NaN,
      );
    },
    unseenHarm: ({ sample }, { ofAll }) => {
      const ranges = matrixOf(sample).map((row) => Math.max(...row) - Math.min(...row));
      return Math.max(...ranges) * ofAll;
    },
  };
}

function missingCost(
  classes: readonly string[],
  costOf: (label: string, answer: string) => number | undefined,
): Undefined | undefined {
  const pairs = classes.flatMap((label) => classes.map((answer) => [label, answer] as const));
  const missing = pairs.find(([label, answer]) => costOf(label, answer) === undefined);
  if (missing === undefined) return undefined;
  const [label, answer] = missing.map((name) => JSON.stringify(name));
  return {
    code: 'costs-incomplete',
    message: `costs does not say what the answer ${answer} costs where ${label} is true.`,
  };
}

/** The pinball loss of the one number that is predicted, as a quantile. */
function pinball(quantile: number): RowMetric {
  return {
    name: 'pinball',
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: ['regression'],
    whyUndefined: alwaysDefined,
    rowValues: ({ labels }, { predictions }) => pinballLosses(quantile, labels, predictions),
    unseenHarm: (pair: Pair, { ofAll }) => Math.max(quantile, 1 - quantile) * largestError(pair) * ofAll,
  };
}

type Counts = { readonly hits: number; readonly labelled: number; readonly predicted: number };

const OF_CLASS: Readonly<Record<string, (counts: Counts) => number>> = {
  f1: ({ hits, labelled, predicted }) => ratio(2 * hits, labelled + predicted),
  precision: ({ hits, predicted }) => ratio(hits, predicted),
  recall: ({ hits, labelled }) => ratio(hits, labelled),
};

/** Metrics that can be asked of one class. */
export const METRICS_OF_A_CLASS: readonly string[] = Object.keys(OF_CLASS);

function ofOneClass(name: string, ofClass: string): Metric {
  const score = OF_CLASS[name];
  return {
    name: `${name} of ${ofClass}`,
    method: 'bootstrap',
    byAnswer: true,
    direction: 'higher',
    unit: 'rate',
    tasks: ['binary', 'multiclass'],
    whyUndefined: (sample) => missingClass(sample, ofClass),
    prepare: (sample, side) => {
      const count = counterOf(sample, side, sample.classes.indexOf(ofClass));
      return (weights) => score?.(count(weights)) ?? Number.NaN;
    },
  };
}

function counterOf(
  { labels }: Sample,
  { predictions }: Side,
  index: number,
): (weights: Uint32Array) => Counts {
  return (weights) => {
    let [hits, labelled, predicted] = [0, 0, 0];
    for (let row = 0; row < labels.length; row += 1) {
      const weight = weights[row] ?? 0;
      if (labels[row] === index) labelled += weight;
      if (predictions[row] === index) predicted += weight;
      if (labels[row] === index && predictions[row] === index) hits += weight;
    }
    return { hits, labelled, predicted };
  };
}

function missingClass({ classes, labels }: Sample, name: string): Undefined | undefined {
  const index = classes.indexOf(name);
  if (index >= 0 && labels.includes(index)) return undefined;
  const message =
    index < 0
      ? `the model knows no class ${JSON.stringify(name)}.`
      : `the holdout has no row whose label is ${JSON.stringify(name)}.`;
  return { code: 'class-absent', message };
}
