import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Sample, Side } from '../predictions.ts';
import {
  alwaysDefined,
  type ByAnswerMetric,
  type Metric,
  type RightnessMetric,
  type Undefined,
} from './metric.ts';

/** Weighted counts of label against prediction, row-major: `cells[label * size + prediction]`. */
type Confusion = { readonly size: number; readonly cells: Float64Array };

const ACCURACY: RightnessMetric = {
  name: 'accuracy',
  method: 'rightness',
  direction: 'higher',
  unit: 'rate',
  tasks: ['binary', 'multiclass'],
  whyUndefined: alwaysDefined,
  rowValues: (sample, side) => sample.labels.map((label, row) => (label === side.predictions[row] ? 1 : 0)),
};

/** Metrics of the predicted class, as scikit-learn defines them: for binary of the positive class, else the macro mean. */
export const CONFUSION_METRICS: readonly Metric[] = [
  ACCURACY,
  perClass('f1', (hit, labelled, predicted) => ratio(2 * hit, labelled + predicted)),
  perClass('precision', (hit, _, predicted) => ratio(hit, predicted)),
  perClass('recall', (hit, labelled) => ratio(hit, labelled)),
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
function perClass(name: string, score: ClassScore): ByAnswerMetric {
  const fix = (sample: Sample, side: Side) => {
    const classes = sample.task === 'binary' ? [1] : occurringClasses(sample, side);
    return (confusion: Confusion): number => {
      let sum = 0;
      for (const index of classes) {
        const { hit, labelled, predicted } = countsOf(confusion, index);
        sum += score(hit, labelled, predicted);
      }
      return sum / classes.length;
    };
  };
  return sampleMetric({ name, unit: 'rate', whyUndefined: alwaysDefined, fix });
}

/** A metric of the table of labels and answers; `fix` gives it for the classes of these rows. */
type ConfusionMetric = Pick<ByAnswerMetric, 'name' | 'unit' | 'whyUndefined'> & {
  readonly fix: (sample: Sample, side: Side) => (confusion: Confusion) => number;
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
      const count = countConfusion(sample, side);
      return (weights) => measure(count(weights));
    },
  };
}

/** Counts into one array that is used again for every draw. */
function countConfusion(sample: Sample, side: Side): (weights: Uint32Array) => Confusion {
  const size = sample.classes.length;
  const cells = new Float64Array(size * size);
  const confusion = { size, cells };
  const cellOf = Uint32Array.from(sample.labels, (label, row) => label * size + (side.predictions[row] ?? 0));
  return (weights: Parameters<WeightedStatistic>[0]) => {
    cells.fill(0);
    for (let row = 0; row < cellOf.length; row += 1) {
      const cell = cellOf[row] ?? 0;
      cells[cell] = (cells[cell] ?? 0) + (weights[row] ?? 0);
    }
    return confusion;
  };
}

function countsOf(confusion: Confusion, index: number): { hit: number; labelled: number; predicted: number } {
  let labelled = 0;
  let predicted = 0;
  for (let other = 0; other < confusion.size; other += 1) {
    labelled += cell(confusion, index, other);
    predicted += cell(confusion, other, index);
  }
  return { hit: cell(confusion, index, index), labelled, predicted };
}

function balancedAccuracy(confusion: Confusion): number {
  let sum = 0;
  let classes = 0;
  for (let index = 0; index < confusion.size; index += 1) {
    const { hit, labelled } = countsOf(confusion, index);
    if (labelled === 0) continue;
    sum += hit / labelled;
    classes += 1;
  }
  return sum / classes;
}

/** Matthews' correlation in Gorodkin's form for any number of classes; 0 when either margin is one class only. */
function matthews(confusion: Confusion): number {
  let total = 0;
  let hits = 0;
  let product = 0;
  let labelledSquares = 0;
  let predictedSquares = 0;
  for (let index = 0; index < confusion.size; index += 1) {
    const { hit, labelled, predicted } = countsOf(confusion, index);
    total += labelled;
    hits += hit;
    product += labelled * predicted;
    labelledSquares += labelled * labelled;
    predictedSquares += predicted * predicted;
  }
  const scale = Math.sqrt((total * total - predictedSquares) * (total * total - labelledSquares));
  return scale === 0 ? 0 : (hits * total - product) / scale;
}

function occurringClasses(sample: Sample, side: Side): number[] {
  return [...new Set([...sample.labels, ...side.predictions])].sort((a, b) => a - b);
}

/** MCC is 0 by convention there, which says nothing about the model. */
function oneClassOnly(sample: Sample): Undefined | undefined {
  if (sample.labels.some((label) => label !== sample.labels[0])) return undefined;
  return { code: 'one-class-only', message: 'All rows have the same label, so the metric says nothing.' };
}

function cell(confusion: Confusion, label: number, prediction: number): number {
  return confusion.cells[label * confusion.size + prediction] ?? 0;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
