import type { GateInput } from '../../../core/gate/judge/gate.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

/** How often the models are right: together, the champion alone, the challenger alone, and in how many rows. */
export type Rightness = {
  readonly both: number;
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  readonly neither: number;
};

/** Two binary models with exactly these counts of right and wrong answers; labels and slices spread evenly over the rows. */
export function binaryModels(counts: Rightness): {
  readonly champion: Predictions;
  readonly challenger: Predictions;
} {
  const kinds = [
    ...new Array<string>(counts.both).fill('both'),
    ...new Array<string>(counts.onlyChampion).fill('champion'),
    ...new Array<string>(counts.onlyChallenger).fill('challenger'),
    ...new Array<string>(counts.neither).fill('neither'),
  ];
  const labels = Float64Array.from(kinds, (_, row) => row % 2);
  const answers = (who: string): Float64Array =>
    labels.map((label, row) => (kinds[row] === 'both' || kinds[row] === who ? label : 1 - label));
  const model = (who: string): Predictions => binaryPredictions(labels, answers(who));
  return { champion: model('champion'), challenger: model('challenger') };
}

/** A binary model with these labels and answers, sure of itself to 80%. */
export function binaryPredictions(labels: Float64Array, answers: Float64Array): Predictions {
  const positive = answers.map((answer, row) => (answer === 1 ? 0.8 : 0.2) + 0.0001 * (row % 7));
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: Array.from(labels, (_, row) => `row-${row}`),
    labels,
    predictions: answers,
    scores: [positive.map((score) => 1 - score), positive],
    groups: undefined,
    slices: { parity: Array.from(labels, (_, row) => (Math.floor(row / 2) % 2 === 0 ? 'even' : 'odd')) },
  };
}

/** A binary model that errs at random with probability `error`, on labels that depend on `labelSeed` alone. */
export function randomBinary(rows: number, error: number, seed: string, labelSeed = 'labels'): Predictions {
  const labelled = randomStream(labelSeed);
  const labels = Float64Array.from({ length: rows }, () => labelled.below(2));
  const random = randomStream(seed);
  return binaryPredictions(
    labels,
    labels.map((label) => (random.uniform() < error ? 1 - label : label)),
  );
}

/** A regression model whose errors have this size, on targets that depend on `labelSeed` alone. */
export function randomRegression(
  rows: number,
  errorSize: number,
  seed: string,
  labelSeed = 'labels',
): Predictions {
  const labelled = randomStream(labelSeed);
  const labels = Float64Array.from({ length: rows }, () => 10 * labelled.uniform());
  const random = randomStream(seed);
  return {
    task: 'regression',
    classes: [],
    ids: Array.from(labels, (_, row) => `row-${row}`),
    labels,
    predictions: labels.map((label) => label + errorSize * (2 * random.uniform() - 1)),
    scores: [],
    groups: undefined,
    slices: {},
  };
}

/** A model of `classes` classes that errs at random, with probabilities that favour its answer. */
export function randomMulticlass(rows: number, classes: number, error: number, seed: string): Predictions {
  const labelled = randomStream('labels');
  const labels = Float64Array.from({ length: rows }, () => labelled.below(classes));
  const random = randomStream(seed);
  const predictions = labels.map((label) => (random.uniform() < error ? random.below(classes) : label));
  const shares = Array.from({ length: classes }, (_, index) =>
    predictions.map((answer) => (answer === index ? 1 : 0) + 0.5 * random.uniform()),
  );
  const totals = predictions.map((_, row) => shares.reduce((sum, column) => sum + (column[row] ?? 0), 0));
  return {
    task: 'multiclass',
    classes: Array.from({ length: classes }, (_, index) => `class-${index}`),
    ids: Array.from(labels, (_, row) => `row-${row}`),
    labels,
    predictions,
    scores: shares.map((column) => column.map((share, row) => share / (totals[row] ?? 1))),
    groups: undefined,
    slices: {},
  };
}

/** A model of any number of `classes` classes a row that errs on each at random, with probabilities that favour its answer. */
export function randomMultilabel(rows: number, classes: number, error: number, seed: string): Predictions {
  const labelled = randomStream('labels');
  const random = randomStream(seed);
  const columns = Array.from({ length: classes }, (_, index) => index);
  const truths = columns.map((index) =>
    Float64Array.from({ length: rows }, () => (labelled.uniform() < 0.6 / (index + 1) ? 1 : 0)),
  );
  const parts = truths.map((truth) => truth.map((has) => (random.uniform() < error ? 1 - has : has)));
  const wrong = Float64Array.from({ length: rows }, (_, row) =>
    truths.reduce((count, truth, index) => count + (truth[row] === parts[index]?.[row] ? 0 : 1), 0),
  );
  return {
    task: 'multilabel',
    classes: columns.map((index) => `class-${index}`),
    ids: Array.from(wrong, (_, row) => `row-${row}`),
    labels: new Float64Array(rows),
    predictions: wrong,
    truths,
    parts,
    scores: parts.map((answers) => answers.map((has) => (has + random.uniform()) / 2)),
    groups: undefined,
    slices: { half: Array.from(wrong, (_, row) => (row % 2 === 0 ? 'even' : 'odd')) },
  };
}

/** A model of quantiles around targets that depend on `labels` alone, off by this much at most. */
export function randomQuantiles(rows: number, errorSize: number, seed: string): Predictions {
  const levels = [0.1, 0.5, 0.9];
  const { labels, ids } = randomRegression(rows, 0, 'labels');
  const random = randomStream(seed);
  const middle = labels.map((label) => label + errorSize * (2 * random.uniform() - 1));
  const parts = levels.map((level) => middle.map((value) => value + 1.6 * errorSize * (level - 0.5)));
  const base = { ids, labels, predictions: middle, parts, scores: [], groups: undefined, slices: {} };
  return { task: 'quantiles', classes: levels.map(String), ...base };
}

/** Rows of `queries` queries, eight in each and two of them relevant, by a model whose scores are off by this much at most. */
export function randomRanking(queries: number, errorSize: number, seed: string): Predictions {
  const random = randomStream(seed);
  const rows = Array.from({ length: 8 * queries }, (_, row) => row);
  const labels = Float64Array.from(rows, (row) => (row % 8 < 2 ? 2 - (row % 8) : 0));
  return {
    task: 'ranking',
    classes: [],
    ids: rows.map((row) => `row-${row}`),
    labels,
    predictions: labels.map((label) => label + errorSize * (2 * random.uniform() - 1)),
    scores: [],
    groups: rows.map((row) => `query-${Math.floor(row / 8)}`),
    slices: {},
  };
}

/** A gate's input with everything but rules and predictions filled in. */
export function gateInput(
  rules: readonly GateRule[],
  predictions: { readonly champion?: Predictions; readonly challenger: Predictions },
  more: Partial<GateInput> = {},
): GateInput {
  return {
    rules,
    ...predictions,
    holdout: { digest: `sha256:${'a'.repeat(64)}`, gatesSoFar: 0 },
    seed: 'model-digests+data-digest',
    reproduce: 'node scripts/replay.ts gate evidence.json',
    names: predictions.champion === undefined ? { challenger: 'v8' } : { champion: 'v7', challenger: 'v8' },
    ...more,
  };
}
