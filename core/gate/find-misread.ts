import type { Problem } from '../errors.ts';
import { centredRanks } from '../statistics/centred-ranks.ts';
import { groupedMeanDifference, meanDifference } from '../statistics/intervals/mean-difference.ts';
import { groupRows } from './comparison/group-rows.ts';
import { type Predictions, pickNumbers } from './predictions.ts';

/** So many standard errors beside chance is no chance, though the order that fits best is chosen among many. */
const SURE = 5;
/** The same as the two-sided level of Student's t. */
const SURE_LEVEL = 0.999_999_426_7;
/** So many answers show the order of classes; of more the rows are thinned out evenly. */
const MOST_ANSWERS = 4_000_000;
/** So many classes are named in a message. */
const MOST_NAMED = 5;

/**
 * Answers that can't be meant as they are read, though each by itself could: columns of classes that go with each other's labels, and
 * scores that are the higher the less they should be. Of a row with one class the runtime finds the same out (`answers-permuted`). A model
 * that merely knows nothing is none of these, and is judged. `who` names the model.
 */
export function findMisread(predictions: Predictions, who: string): readonly Problem[] {
  if (predictions.task === 'ranking') return findInvertedRanking(predictions, who);
  if (predictions.task !== 'multilabel') return [];
  const { classes, ids, parts = [], scores } = predictions;
  const rows = keepEvenly(ids.length, classes.length);
  const thin = (columns: readonly Float64Array[]) => columns.map((column) => pickNumbers(column, rows));
  const problem = findMisreadColumns(
    {
      classes,
      truths: thin(predictions.truths ?? []),
      columns: thin(scores.length > 0 ? scores : parts),
      groups: predictions.groups && Array.from(rows, (row) => predictions.groups?.[row] ?? ''),
    },
    who,
  );
  return problem === undefined ? [] : [problem];
}

/** Every row, or every second, third and so on. */
function keepEvenly(rows: number, classes: number): Uint32Array {
  const stride = Math.max(1, Math.ceil((classes * rows) / MOST_ANSWERS));
  return Uint32Array.from({ length: Math.ceil(rows / stride) }, (_, place) => place * stride);
}

/** What rows have of each class, and a column of answers for each. */
type AnswerColumns = {
  readonly classes: readonly string[];
  readonly truths: readonly Float64Array[];
  readonly columns: readonly Float64Array[];
  readonly groups: readonly string[] | undefined;
};

function findMisreadColumns(looked: AnswerColumns, who: string): Problem | undefined {
  const { classes } = looked;
  const fit = fitColumns(looked);
  const best = fit.byColumn.map((fits) => fits.indexOf(Math.max(...fits)));
  const moved = findRounds(best).filter((round) => areMoved(round, best, fit));
  if (moved.length > 0) return permutedColumns(moved.flat(), { classes, best, who });
  const inverted = countInverted(fit);
  return inverted === 0 ? undefined : invertedColumns(inverted, classes.length, who);
}

/** How well each column of answers goes with each label. */
type Fit = {
  /** In standard deviations of what chance would show, label by label; 0 where rows don't differ. */
  readonly byColumn: readonly (readonly number[])[];
  /** What each row adds to how well a column goes with a label. */
  readonly shares: (column: number, label: number) => Float64Array;
  /** Whether values of rows lie above 0 in the mean, beyond what rows, or whole groups, differ by. */
  readonly isAbove: (values: Float64Array) => boolean;
};

function fitColumns({ truths, columns, groups }: AnswerColumns): Fit {
  const labels = truths.map(centreLabel);
  const ranks = columns.map((column) => centredRanks(column));
  const grouped = groups && groupRows(groups);
  return {
    byColumn: ranks.map((rank) => {
      const squares = sumOfSquares(rank);
      return labels.map((label) => fitOf(label, rank, squares));
    }),
    shares: (column, label) => {
      const has = labels[label]?.centred;
      return ranks[column]?.map((rank, row) => rank * (has?.[row] ?? 0)) ?? new Float64Array();
    },
    isAbove: (values) => isAbove(values, grouped && { ...grouped, groups: grouped.names.length }),
  };
}

function isAbove(values: Float64Array, grouped?: Parameters<typeof groupedMeanDifference>[1]): boolean {
  const { interval } =
    grouped === undefined
      ? meanDifference(values, SURE_LEVEL)
      : groupedMeanDifference(values, grouped, SURE_LEVEL);
  return interval.low > 0;
}

/** Whether each column of a round surely goes with the label that it leads to, and all of them better so than with their own. */
function areMoved(
  round: readonly number[],
  best: readonly number[],
  { byColumn, shares, isAbove: isSurely }: Fit,
): boolean {
  const gains = new Float64Array(shares(0, 0).length);
  for (const column of round) {
    const label = best[column] ?? column;
    if ((byColumn[column]?.[label] ?? 0) <= SURE) return false;
    const [there, own] = [shares(column, label), shares(column, column)];
    if (!isSurely(there)) return false;
    for (const [row, value] of there.entries()) gains[row] = (gains[row] ?? 0) + value - (own[row] ?? 0);
  }
  return isSurely(gains);
}

/** How many columns go against their own labels, where those are most and none goes with its own; else 0. */
function countInverted({ byColumn, shares, isAbove: isSurely }: Fit): number {
  const own = byColumn.map((fits, place) => fits[place] ?? 0);
  if (own.some((fit) => fit > SURE)) return 0;
  const against = own.filter(
    (fit, place) => fit < -SURE && isSurely(shares(place, place).map((value) => -value)),
  ).length;
  return 2 * against > own.filter((fit) => fit !== 0).length ? against : 0;
}

/** A label that rows have or have not, less its share; the rows that have it; and the spread of the sum of their ranks, in that of one. */
type CentredLabel = { readonly centred: Float64Array; readonly has: Uint32Array; readonly spread: number };

function centreLabel(truth: Float64Array): CentredLabel {
  const has = Uint32Array.from([...truth.keys()].filter((row) => truth[row] === 1));
  const share = has.length / truth.length;
  const spread = (has.length * (1 - share)) / (truth.length - 1);
  return { centred: truth.map((value) => value - share), has, spread };
}

/** How many standard deviations the ranks of the rows with the label lie above those of as many rows drawn at random (Wilcoxon). */
function fitOf({ has, spread }: CentredLabel, ranks: Float64Array, squares: number): number {
  if (!(spread > 0 && squares > 0)) return 0;
  let sum = 0;
  for (const row of has) sum += ranks[row] ?? 0;
  return sum / Math.sqrt(spread * squares);
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** The places that a mapping leads round, two or more in each round. */
function findRounds(next: readonly number[]): readonly (readonly number[])[] {
  const rounds: number[][] = [];
  const seenFrom = new Map<number, number>();
  for (const start of next.keys()) {
    const walked: number[] = [];
    let place = start;
    while (!seenFrom.has(place)) {
      seenFrom.set(place, start);
      walked.push(place);
      place = next[place] ?? place;
    }
    const round = seenFrom.get(place) === start ? walked.slice(walked.indexOf(place)) : [];
    if (round.length > 1) rounds.push(round);
  }
  return rounds;
}

type Permuted = {
  readonly classes: readonly string[];
  /** The class whose labels each column fits best. */
  readonly best: readonly number[];
  readonly who: string;
};

function permutedColumns(moved: readonly number[], { classes, best, who }: Permuted): Problem {
  const pairs = moved
    .toSorted((a, b) => a - b)
    .map((place) => `those for ${classes[place]} with ${classes[best[place] ?? place]}`);
  const named = pairs.slice(0, MOST_NAMED).join(', ');
  const more = pairs.length > MOST_NAMED ? ', …' : '';
  return {
    code: 'answers-permuted',
    message: `The answers of the ${who} for ${moved.length} of the ${classes.length} classes go with each other’s labels: ${named}${more}.`,
    remedy:
      'Set answers.classes in trainyard.yml of the default branch to the order of the model’s numbers, or name their columns in the order of the classes under answers.score-columns.',
  };
}

function invertedColumns(inverted: number, classes: number, who: string): Problem {
  return {
    code: 'answers-inverted',
    message: `The answers of the ${who} for ${inverted} of the ${classes} classes are the lower where a row has the class, and those for no class are the higher.`,
    remedy:
      'Let the model say of each class that a row has it, or how likely that is: 1 − p where it gives how likely it is not.',
  };
}

/** Ranks of scores within their query that run against the relevance: surely so by the rows of each query, and from query to query. */
function findInvertedRanking(
  { labels, predictions, groups = [] }: Predictions,
  who: string,
): readonly Problem[] {
  const queries = groupRows(groups).rowsOf.flatMap((rows) => agreementOf(rows, labels, predictions));
  if (queries.length < 2) return [];
  const sum = queries.reduce((total, { agreement }) => total + agreement, 0);
  const spread = Math.sqrt(queries.reduce((total, { variance }) => total + variance, 0));
  const against = Float64Array.from(queries, ({ agreement }) => -agreement);
  if (sum >= -SURE * spread || !isAbove(against)) return [];
  const inverted = against.filter((value) => value > 0).length;
  return [
    {
      code: 'answers-inverted',
      message: `The scores of the ${who} run against the relevance in ${inverted} of ${queries.length} queries whose rows differ in both: its best rows come last.`,
      remedy:
        'Let the model give a number that is the higher the more relevant a row is: −x where it gives a distance x, or the place of the row.',
    },
  ];
}

/** Spearman's correlation within one query, and its variance among all orders of the rows (Kendall, 1948); none where all rows are alike. */
function agreementOf(
  rows: Uint32Array,
  labels: Float64Array,
  predictions: Float64Array,
): readonly { readonly agreement: number; readonly variance: number }[] {
  const ranksOf = (values: Float64Array): Float64Array =>
    centredRanks(Float64Array.from(rows, (row) => values[row] ?? Number.NaN));
  const [truth, given] = [ranksOf(labels), ranksOf(predictions)];
  const scale = Math.sqrt(sumOfSquares(truth) * sumOfSquares(given));
  if (scale === 0) return [];
  const product = truth.reduce((sum, rank, row) => sum + rank * (given[row] ?? 0), 0);
  return [{ agreement: product / scale, variance: 1 / (rows.length - 1) }];
}
