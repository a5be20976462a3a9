import type { Task } from '../../answers/contract.ts';
import { groupRows } from '../comparison/group-rows.ts';
import { formatCount } from '../format-value.ts';
import type { Sample, Side } from '../predictions.ts';
import type { SampleMetric, Undefined, UnseenShares } from './metric.ts';

const TASKS: readonly Task[] = ['ranking'];
/** `ndcg@10`: of the first ten rows of each query. */
const CUT = /^(?<base>ndcg|map|mrr)(?:@|-at-)(?<most>[1-9]\d{0,5})$/;

/** One query: how relevant its rows are, and what the model scores them. */
type Query = { readonly relevance: Float64Array; readonly scores: Float64Array };
/** What a ranking of one query is worth, from 0 to 1; `most` is how many rows from the top count. */
type Worth = (query: Query, most: number) => number;

const WORTH: Readonly<Record<string, Worth>> = {
  ndcg: (query, most) => discountedGain(query, most) / idealGain(query, most),
  map: averagePrecision,
  mrr: reciprocalRank,
};

/**
 * Metrics of rows that are ranked within their query: the mean over queries. One without a relevant row says nothing of a model and is left
 * out; scikit-learn's `ndcg_score` counts it as 0 for every model.
 */
export const QUERY_METRICS: readonly SampleMetric[] = Object.keys(WORTH).map((base) => ofQueries(base));

/** `ndcg@10` and the like; `undefined` for any other name. */
export function findCutMetric(name: string): SampleMetric | undefined {
  const { base, most } = CUT.exec(name)?.groups ?? {};
  return base === undefined ? undefined : ofQueries(base, Number(most));
}

function ofQueries(base: string, most?: number): SampleMetric {
  const worth = WORTH[base] ?? (() => Number.NaN);
  return {
    name: most === undefined ? base : `${base}@${most}`,
    method: 'bootstrap',
    byAnswer: false,
    direction: 'higher',
    unit: 'number',
    tasks: TASKS,
    whyUndefined: (sample) => whyUndefined(sample, base),
    aside: (sample) => describeQueries(sample, base),
    prepare: (sample, side) => {
      const queries = listQueries(sample, side).filter(({ query }) => hasRelevant(query));
      const values = queries.map(({ query, first }) => ({
        first,
        value: worth(query, most ?? query.scores.length),
      }));
      return (weights) => {
        let [sum, drawn] = [0, 0];
        for (const { first, value } of values) {
          const times = weights[first] ?? 0;
          sum += times * value;
          drawn += times;
        }
        return sum / drawn;
      };
    },
    unseenHarm: ({ sample, challenger }, shares) => unseenQueries(listQueries(sample, challenger), shares),
  };
}

/** The rule of three over the queries that count: as many of them as nobody has seen may come to be worth nothing. */
function unseenQueries(queries: ReturnType<typeof listQueries>, { ofAll }: UnseenShares): number {
  const counting = queries.filter(({ query }) => hasRelevant(query)).length;
  return Math.min(1, (ofAll * queries.length) / counting);
}

/** The queries in order of their first rows. */
function listQueries({ labels, groups = [] }: Sample, { predictions }: Pick<Side, 'predictions'>) {
  return groupRows(groups).rowsOf.map((rows) => ({
    first: rows[0] ?? 0,
    query: {
      relevance: Float64Array.from(rows, (row) => labels[row] ?? Number.NaN),
      scores: Float64Array.from(rows, (row) => predictions[row] ?? Number.NaN),
    },
  }));
}

function hasRelevant({ relevance }: Query): boolean {
  return relevance.some((value) => value > 0);
}

function whyUndefined(sample: Sample, base: string): Undefined | undefined {
  const queries = listQueries(sample, { predictions: sample.labels });
  if (!queries.some(({ query }) => hasRelevant(query))) {
    return { code: 'no-relevant-rows', message: 'No query has a row whose relevance is above 0.' };
  }
  if (base !== 'ndcg' || sample.labels.every((value) => value >= 0)) return undefined;
  return { code: 'negative-relevance', message: 'Some rows have a relevance below 0, which is no gain.' };
}

/** How many queries the rows are of, and which of them say nothing. */
function describeQueries(sample: Sample, base: string): string {
  const queries = listQueries(sample, { predictions: sample.labels });
  const relevant = queries.filter(({ query }) => hasRelevant(query));
  const without = queries.length - relevant.length;
  const alike = relevant.filter(({ query }) => isAlike(query, base)).length;
  const told = [
    `a mean over ${formatCount(queries.length)} queries`,
    ...(without === 0
      ? []
      : [`${without} of ${queries.length} queries have no relevant row and are left out`]),
    ...(alike === 0
      ? []
      : [
          `${alike} of ${queries.length} queries have rows that are all as relevant, and count the same whatever a model says`,
        ]),
  ];
  return told.join('; ');
}

/** Whether any order of the rows is worth the same: one row alone, or all as relevant as far as the metric looks. */
function isAlike({ relevance }: Query, base: string): boolean {
  return relevance.every((value) => (base === 'ndcg' ? value === relevance[0] : value > 0));
}

/**
 * Discounted cumulative gain with the relevance itself as the gain: rows with the same score share the gains of their places, as in
 * scikit-learn's `ndcg_score`.
 */
function discountedGain({ relevance, scores }: Query, most: number): number {
  const order = orderOf(scores);
  let gain = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [sum, discounts] = [0, 0];
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) {
      sum += relevance[order[end] ?? 0] ?? 0;
      if (end < most) discounts += 1 / Math.log2(end + 2);
      end += 1;
    }
    gain += (sum / (end - start)) * discounts;
    start = end;
  }
  return gain;
}

function idealGain({ relevance }: Query, most: number): number {
  return discountedGain({ relevance, scores: relevance }, most);
}

/**
 * The mean over relevant rows of how many of those that score at least as high are relevant too, as scikit-learn's
 * `average_precision_score`; a row counts as 0 where more than `most` score at least as high (trec_eval's `map_cut`).
 */
function averagePrecision({ relevance, scores }: Query, most: number): number {
  const order = orderOf(scores);
  let [sum, hits, all] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let found = 0;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) {
      if ((relevance[order[end] ?? 0] ?? 0) > 0) found += 1;
      end += 1;
    }
    hits += found;
    all += found;
    if (end <= most) sum += found * (hits / end);
    start = end;
  }
  return sum / all;
}

/** One over the rank of the first relevant row, behind all others that score as high. */
function reciprocalRank({ relevance, scores }: Query, most: number): number {
  const best = scores.reduce(
    (highest, score, row) => ((relevance[row] ?? 0) > 0 ? Math.max(highest, score) : highest),
    Number.NEGATIVE_INFINITY,
  );
  const before = scores.reduce(
    (count, score, row) => count + (score >= best && (relevance[row] ?? 0) <= 0 ? 1 : 0),
    0,
  );
  return before < most ? 1 / (before + 1) : 0;
}

function orderOf(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores.keys()).sort((i, j) => (scores[j] ?? 0) - (scores[i] ?? 0));
}
