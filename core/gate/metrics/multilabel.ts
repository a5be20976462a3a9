import type { Task } from '../../answers/contract.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Pair, Sample, Side } from '../predictions.ts';
import { labelRankingPrecision } from './label-ranking.ts';
import { alwaysDefined, type Metric, rateOfRows, type SampleMetric, type UnseenShares } from './metric.ts';
import { noScores } from './probability.ts';
import { ratio } from './ratio.ts';

/** Weighted rows that have a class, those that it is answered for, and those that are both. */
type Counts = { readonly hits: number; readonly labelled: number; readonly predicted: number };
type Score = (counts: Counts) => number;

const TASKS: readonly Task[] = ['multilabel'];
const MOST_NAMED = 10;

const F1: Score = ({ hits, labelled, predicted }) => ratio(2 * hits, labelled + predicted);
const PRECISION: Score = ({ hits, predicted }) => ratio(hits, predicted);
const RECALL: Score = ({ hits, labelled }) => ratio(hits, labelled);
const SCORES: Readonly<Record<string, Score>> = { f1: F1, precision: PRECISION, recall: RECALL };

/**
 * Metrics of answers of any number of classes a row, as scikit-learn defines them for an indicator matrix. `f1`, `precision` and `recall` are
 * the macro mean over all classes, one without rows or answers counting as 0 (`zero_division=0`).
 */
export const MULTILABEL_METRICS: readonly Metric[] = [
  {
    name: 'subset-accuracy',
    method: 'rightness',
    direction: 'higher',
    unit: 'rate',
    tasks: TASKS,
    whyUndefined: alwaysDefined,
    rowValues: (_, { predictions }) => predictions.map((wrong) => (wrong === 0 ? 1 : 0)),
  },
  rateOfRows({ name: 'hamming-loss', direction: 'lower', tasks: TASKS }, ({ classes }, { predictions }) =>
    predictions.map((wrong) => wrong / classes.length),
  ),
  rateOfRows({ name: 'jaccard', direction: 'higher', tasks: TASKS }, jaccard),
  {
    ...rateOfRows(
      { name: 'label-ranking-average-precision', direction: 'higher', tasks: TASKS },
      labelRankingPrecision,
    ),
    unit: 'number',
    whyUndefined: (_, side) => noScores(side),
  },
  ...Object.entries(SCORES).flatMap(([name, score]) => [
    { ...ofCounts(name, (counts) => meanOf(counts.map(score))), aside: describeAbsent },
    ofCounts(`${name}-micro`, (counts) => score(totalOf(counts))),
    ofCounts(`${name}-weighted`, (counts) => {
      const labelled = counts.reduce((sum, one) => sum + one.labelled, 0);
      return ratio(
        counts.reduce((sum, one) => sum + one.labelled * score(one), 0),
        labelled,
      );
    }),
  ]),
];

function describeAbsent({ classes, truths }: Sample): string | undefined {
  const absent = classes.filter((_, place) => truths[place]?.includes(1) !== true);
  if (absent.length === 0) return undefined;
  const named = absent.slice(0, MOST_NAMED).join(', ');
  const rest = absent.length > MOST_NAMED ? ` and ${absent.length - MOST_NAMED} more` : '';
  return `no row of the holdout has ${named}${rest}, which counts as 0 in the mean`;
}

/** `f1`, `precision` or `recall` of one class alone. */
export function ofOneLabel(name: string, ofClass: string): Metric {
  const score = SCORES[name] ?? F1;
  const placeIn = ({ classes }: Sample): number => classes.indexOf(ofClass);
  return {
    ...ofCounts(
      `${name} of ${ofClass}`,
      ([only]) => (only === undefined ? Number.NaN : score(only)),
      placeIn,
    ),
    whyUndefined: (sample) => {
      if (sample.truths[placeIn(sample)]?.includes(1) === true) return undefined;
      const message =
        placeIn(sample) < 0
          ? `the model knows no class ${JSON.stringify(ofClass)}.`
          : `the holdout has no row that has the class ${JSON.stringify(ofClass)}.`;
      return { code: 'class-absent', message };
    },
  };
}

/** Classes that are true and answered among those that are either; 1 where a row has none and none is answered (`zero_division=1`). */
function jaccard({ truths, labels }: Sample, { parts }: Side): Float64Array {
  return labels.map((_, row) => {
    let [both, either] = [0, 0];
    for (const [place, column] of truths.entries()) {
      const [has, given] = [column[row] === 1, parts[place]?.[row] === 1];
      if (has && given) both += 1;
      if (has || given) either += 1;
    }
    return either === 0 ? 1 : both / either;
  });
}

type Measure = (counts: readonly Counts[]) => number;

/** A metric of how often each class is true, answered, and both; or of one class at `only` of them. */
function ofCounts(name: string, measure: Measure, only?: (sample: Sample) => number): SampleMetric {
  const placesOf = (sample: Sample): readonly number[] =>
    only === undefined ? sample.classes.map((_, place) => place) : [only(sample)];
  return {
    name,
    method: 'bootstrap',
    byAnswer: false,
    direction: 'higher',
    unit: 'rate',
    tasks: TASKS,
    whyUndefined: alwaysDefined,
    prepare: (sample, side) => {
      const count = counterOf(sample, side, placesOf(sample));
      return (weights) => measure(count(weights));
    },
    unseenHarm: (pair, shares) => harmOf(measure, pair, { places: placesOf(pair.sample), shares }),
  };
}

/** Counts what is there alone: of many classes a row has few, and is answered few. */
function counterOf(
  { truths, labels }: Sample,
  { parts }: Side,
  places: readonly number[],
): (weights: Parameters<WeightedStatistic>[0]) => readonly Counts[] {
  const rowsWhere = (place: number, isMeant: (has: boolean, given: boolean) => boolean): Uint32Array =>
    Uint32Array.from(labels.keys()).filter((row) =>
      isMeant(truths[place]?.[row] === 1, parts[place]?.[row] === 1),
    );
  const columns = places.map((place) => ({
    hit: rowsWhere(place, (has, given) => has && given),
    missed: rowsWhere(place, (has, given) => has && !given),
    wrong: rowsWhere(place, (has, given) => given && !has),
  }));
  return (weights) =>
    columns.map(({ hit, missed, wrong }) => {
      const hits = weightOf(weights, hit);
      return { hits, labelled: hits + weightOf(weights, missed), predicted: hits + weightOf(weights, wrong) };
    });
}

function weightOf(weights: Uint32Array, rows: Uint32Array): number {
  let sum = 0;
  for (let place = 0; place < rows.length; place += 1) sum += weights[rows[place] ?? 0] ?? 0;
  return sum;
}

/**
 * What the challenger would lose if as many rows as may be of a kind that nobody has seen were answered wrongly: either all miss the class
 * that they have, of every class as many as its own rows allow for, or all are given every class that they lack.
 */
function harmOf(
  measure: Measure,
  { sample, challenger }: Pair,
  { places, shares }: { readonly places: readonly number[]; readonly shares: UnseenShares },
): number {
  const counts = counterOf(sample, challenger, places)(new Uint32Array(sample.labels.length).fill(1));
  const unseen = places.map((place, index) =>
    unseenRows(sample, place, counts[index]?.labelled ?? 0, shares),
  );
  const missed = counts.map(({ hits, labelled, predicted }, index) => {
    const rows = Math.min(hits, unseen[index] ?? 0);
    return { hits: hits - rows, labelled, predicted: predicted - rows };
  });
  const added = counts.map((one, index) => ({ ...one, predicted: one.predicted + (unseen[index] ?? 0) }));
  return Math.max(0, measure(counts) - Math.min(measure(missed), measure(added)));
}

/** By the rule of three over all rows, and over the groups that hold the class where rows belong together. */
function unseenRows(
  { labels, groups, truths }: Sample,
  place: number,
  rows: number,
  { ofAll }: UnseenShares,
): number {
  const among = ofAll * labels.length;
  if (groups === undefined) return among;
  const holding = new Set(groups.filter((_, row) => truths[place]?.[row] === 1)).size;
  const rare = ofAll * new Set(groups).size;
  return Math.max(among, holding === 0 ? 0 : Math.min(1, rare / holding) * rows);
}

function totalOf(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts): number => counts.reduce((total, one) => total + one[key], 0);
  return { hits: sum('hits'), labelled: sum('labelled'), predicted: sum('predicted') };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
