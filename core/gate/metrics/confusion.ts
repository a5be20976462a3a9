import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import { placeOf, type Sample, type Side } from '../predictions.ts';
import {
  alwaysDefined,
  type ByAnswerMetric,
  type Metric,
  type RightnessMetric,
  type Undefined,
} from './metric.ts';
import { ratio } from './ratio.ts';

/** Weighted rows of each class: those that have it as label, those it was predicted for, and those that are both. */
type Counts = {
  readonly labelled: Float64Array;
  readonly predicted: Float64Array;
  readonly hits: Float64Array;
};

const ACCURACY: RightnessMetric = {
  name: 'accuracy',
  method: 'rightness',
  direction: 'higher',
  unit: 'rate',
  tasks: ['binary', 'multiclass', 'open'],
  whyUndefined: alwaysDefined,
  rowValues: (sample, side) => sample.labels.map((label, row) => (label === side.predictions[row] ? 1 : 0)),
};

/**
 * Metrics of the predicted class, as scikit-learn defines them: for binary of the positive class, else the macro mean; the weighted ones are
 * the mean over all classes by their rows, as MLflow takes it.
 */
export const CONFUSION_METRICS: readonly Metric[] = [
  ACCURACY,
  ...perClass('f1', (hit, labelled, predicted) => ratio(2 * hit, labelled + predicted)),
  ...perClass('precision', (hit, _, predicted) => ratio(hit, predicted)),
  ...perClass('recall', (hit, labelled) => ratio(hit, labelled)),
  sampleMetric({
    name: 'balanced-accuracy',
    unit: 'rate',
    whyUndefined: alwaysDefined,
    fix: () => balancedAccuracy,
  }),
  sampleMetric({ name: 'mcc', unit: 'number', whyUndefined: oneClassOnly, fix: () => matthews }),
];

type ClassScore = (hit: number, labelled: number, predicted: number) => number;

/** A score of each class against the rest. Its macro mean is over the classes that occur as label or prediction in the full sample. */
function perClass(name: string, score: ClassScore): ByAnswerMetric[] {
  const of = ({ hits, labelled, predicted }: Counts, index: number): number =>
    score(hits[index] ?? 0, labelled[index] ?? 0, predicted[index] ?? 0);
  const macro = (sample: Sample, side: Side) => {
    const classes = sample.task === 'binary' ? [1] : occurringClasses(sample, side);
    return (counts: Counts) => classes.reduce((sum, index) => sum + of(counts, index), 0) / classes.length;
  };
  const weighted = () => (counts: Counts) => {
    const { labelled } = counts;
    const sum = labelled.reduce((total, rows, index) => total + rows * of(counts, index), 0);
    return sum / sumOf(labelled);
  };
  const shared = { unit: 'rate', whyUndefined: alwaysDefined } as const;
  return [
    sampleMetric({ name, ...shared, fix: macro }),
    sampleMetric({ name: `${name}-weighted`, ...shared, fix: weighted }),
  ];
}

/** A metric of the counts of labels and answers; `fix` gives it for the classes of these rows. */
type ConfusionMetric = Pick<ByAnswerMetric, 'name' | 'unit' | 'whyUndefined'> & {
  readonly fix: (sample: Sample, side: Side) => (counts: Counts) => number;
};

function sampleMetric({ name, unit, whyUndefined, fix }: ConfusionMetric): ByAnswerMetric {
  return {
    name,
    method: 'bootstrap',
    byAnswer: true,
    direction: 'higher',
    unit,
    tasks: ['binary', 'multiclass'],
    whyUndefined,
    prepare: (sample, side) => {
      const measure = fix(sample, side);
      const count = counter(sample, side);
      return (weights) => measure(count(weights));
    },
  };
}

/** Counts into arrays that are used again for every draw; no table of all classes by all, which would be their square. */
function counter(sample: Sample, side: Side): (weights: Uint32Array) => Counts {
  const { classes, labels } = sample;
  const answers = side.predictions.map((prediction) => placeOf(sample, prediction));
  const empty = (): Float64Array => new Float64Array(classes.length + 1);
  const counts = { labelled: empty(), predicted: empty(), hits: empty() };
  const { labelled, predicted, hits } = counts;
  return (weights: Parameters<WeightedStatistic>[0]) => {
    for (const column of [labelled, predicted, hits]) column.fill(0);
    for (let row = 0; row < labels.length; row += 1) {
      const weight = weights[row] ?? 0;
      const [label, answer] = [labels[row] ?? 0, answers[row] ?? 0];
      labelled[label] = (labelled[label] ?? 0) + weight;
      predicted[answer] = (predicted[answer] ?? 0) + weight;
      if (label === answer) hits[label] = (hits[label] ?? 0) + weight;
    }
    return counts;
  };
}

function balancedAccuracy({ labelled, hits }: Counts): number {
  let sum = 0;
  let classes = 0;
  for (const [index, rows] of labelled.entries()) {
    if (rows === 0) continue;
    sum += (hits[index] ?? 0) / rows;
    classes += 1;
  }
  return sum / classes;
}

/** Matthews' correlation in Gorodkin's form for any number of classes; 0 when either margin is one class only. */
function matthews({ labelled, predicted, hits }: Counts): number {
  const total = sumOf(labelled);
  const product = labelled.reduce((sum, rows, index) => sum + rows * (predicted[index] ?? 0), 0);
  const squares = (column: Float64Array): number => column.reduce((sum, rows) => sum + rows * rows, 0);
  const scale = Math.sqrt((total * total - squares(predicted)) * (total * total - squares(labelled)));
  return scale === 0 ? 0 : (sumOf(hits) * total - product) / scale;
}

function sumOf(column: Float64Array): number {
  return column.reduce((sum, value) => sum + value, 0);
}

function occurringClasses(sample: Sample, side: Side): number[] {
  const answered = side.predictions.map((prediction) => placeOf(sample, prediction));
  return [...new Set([...sample.labels, ...answered])].sort((a, b) => a - b);
}

/** MCC is 0 by convention there, which says nothing about the model. */
function oneClassOnly(sample: Sample): Undefined | undefined {
  if (sample.labels.some((label) => label !== sample.labels[0])) return undefined;
  return { code: 'one-class-only', message: 'All rows have the same label, so the metric says nothing.' };
}
