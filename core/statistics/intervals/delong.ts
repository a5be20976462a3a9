import { orderOf } from '../order-of.ts';

/** The areas under two ROC curves on the same rows, and the standard error of their difference (B - A). */
type AucComparison = {
  readonly aucA: number;
  readonly aucB: number;
  readonly difference: number;
  readonly standardError: number;
};

/** A class that is ranked against all other rows: by what scores of each model, and with what weight in the mean. */
type RankedClass = {
  readonly label: number;
  readonly weight: number;
  readonly scoresA: Float64Array;
  readonly scoresB: Float64Array;
};

/**
 * The areas under two ROC curves on the same rows, and the standard error of their difference, in O(n). `positive[row]` is 1 or 0. All
 * numbers are `NaN` when a class is empty; the standard error also when a class has one row.
 *
 * Claim: the difference over its standard error is about normal when there are many rows of both classes.
 * Assumes: independent rows; no fewer than some tens of the rarer class. A difference that no row shows has a standard error of 0 here.
 * Reference: DeLong, DeLong & Clarke-Pearson (Biometrics, 1988).
 * Vector: measure/vectors/answers/roc.json (every pair of rows counted) and roc-by-r.json, by R's pROC.
 */
export function compareAuc(
  positive: ArrayLike<number>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
): AucComparison {
  const [labels, a, b] = [positive, scoresA, scoresB].map((values) => Float64Array.from(values));
  const ranked = { label: 1, weight: 1, scoresA: a ?? new Float64Array(), scoresB: b ?? new Float64Array() };
  return compareMeanAuc(labels ?? new Float64Array(), [ranked]);
}

/**
 * The same for a weighted mean of areas, each of one class against the rest; the weights sum to 1 and depend on the sizes of the classes alone.
 * A row counts in the area of its own class by the share of the others that it beats, and in that of each other class by the share that
 * beat it: by the spread of these sums within each class the mean varies. For one class of two it is DeLong's.
 *
 * Claim: as above, where there are many rows of every class.
 * Reference: the first-order term of a U-statistic of several samples (Hoeffding, 1948; Lehmann, "Elements of Large-Sample Theory", 6.1).
 * Vector: test/core/statistics/delong.test.ts, by the bootstrap within classes and by every pair counted.
 */
export function compareMeanAuc(labels: Float64Array, ranked: readonly RankedClass[]): AucComparison {
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const shareA = new Float64Array(labels.length);
  const shareB = new Float64Array(labels.length);
  let [aucA, aucB] = [0, 0];
  for (const { label, weight, scoresA, scoresB } of ranked) {
    aucA += weight * addShares(shareA, { labels, label, weight, scores: scoresA, sizes });
    aucB += weight * addShares(shareB, { labels, label, weight, scores: scoresB, sizes });
  }
  const differences = shareB.map((share, row) => share - (shareA[row] ?? 0));
  const variance = varianceOfMeans(differences, labels, sizes);
  return { aucA, aucB, difference: aucB - aucA, standardError: Math.sqrt(variance) };
}

/** One area, and what it is made of. */
type Area = {
  readonly labels: Float64Array;
  readonly label: number;
  readonly weight: number;
  readonly scores: Float64Array;
  readonly sizes: ReadonlyMap<number, number>;
};

/**
 * Adds what each row has to do with the area, and gives the area: a row of the class the share of the others that it beats, another the share
 * of the class that beats it, for its part among the others. Ties count half.
 */
function addShares(shares: Float64Array, { labels, label, weight, scores, sizes }: Area): number {
  const order = orderOf(scores);
  const own = sizes.get(label) ?? 0;
  const others = labels.length - own;
  const partOf = new Map([...sizes].map(([of, size]) => [of, (weight * size) / others]));
  let [area, ownBelow] = [0, 0];
  for (let start = 0; start < order.length; ) {
    const end = endOfRun(scores, order, start);
    let ownHere = 0;
    for (let place = start; place < end; place += 1) if (labels[order[place] ?? 0] === label) ownHere += 1;
    const beaten = (start - ownBelow + (end - start - ownHere) / 2) / others;
    const beating = (own - ownBelow - ownHere / 2) / own;
    for (let place = start; place < end; place += 1) {
      const row = order[place] ?? 0;
      const of = labels[row] ?? Number.NaN;
      const share = of === label ? weight * beaten : (partOf.get(of) ?? 0) * beating;
      shares[row] = (shares[row] ?? 0) + share;
    }
    area += ownHere * beaten;
    ownBelow += ownHere;
    start = end;
  }
  return area / own;
}

/** Where the run of equal scores ends that begins here. */
function endOfRun(scores: Float64Array, order: Uint32Array, start: number): number {
  const score = scores[order[start] ?? 0];
  let end = start + 1;
  while (end < order.length && scores[order[end] ?? 0] === score) end += 1;
  return end;
}

/** The variance of the sum of each class's mean. */
function varianceOfMeans(
  values: Float64Array,
  labels: Float64Array,
  sizes: ReadonlyMap<number, number>,
): number {
  const means = new Map([...sizes.keys()].map((label) => [label, 0]));
  for (const [row, label] of labels.entries()) {
    means.set(label, (means.get(label) ?? 0) + (values[row] ?? 0) / (sizes.get(label) ?? 0));
  }
  let variance = 0;
  for (const [row, label] of labels.entries()) {
    const size = sizes.get(label) ?? 0;
    variance += ((values[row] ?? 0) - (means.get(label) ?? 0)) ** 2 / (size - 1) / size;
  }
  return variance;
}
