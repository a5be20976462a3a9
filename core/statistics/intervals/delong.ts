/** The areas under two ROC curves on the same rows, and the standard error of their difference (B - A). */
type AucComparison = {
  readonly aucA: number;
  readonly aucB: number;
  readonly difference: number;
  readonly standardError: number;
  readonly positives: number;
  readonly negatives: number;
};

/**
 * The areas under two ROC curves on the same rows, and the standard error of their difference, in O(n log n) by mid-ranks.
 * `positive[row]` is 1 or 0. All numbers are `NaN` when a class is empty; the standard error also when a class has one row.
 *
 * Claim: the difference over its standard error is about normal when there are many rows of both classes.
 * Assumes: independent rows; no fewer than some tens of the rarer class. A difference that no row shows has a standard error of 0 here.
 * Reference: DeLong, DeLong & Clarke-Pearson (Biometrics, 1988); Sun & Xu (IEEE Signal Processing Letters, 2014) for the mid-ranks.
 * Vector: measure/vectors/answers/roc.json (every pair of rows counted) and roc-by-r.json, by R's pROC.
 */
export function compareAuc(
  positive: ArrayLike<number>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
): AucComparison {
  const a = placements(positive, scoresA);
  const b = placements(positive, scoresB);
  const variance =
    varianceOfDifference(b.ofPositives, a.ofPositives) + varianceOfDifference(b.ofNegatives, a.ofNegatives);
  return {
    aucA: a.auc,
    aucB: b.auc,
    difference: b.auc - a.auc,
    standardError: Math.sqrt(variance),
    positives: a.ofPositives.length,
    negatives: a.ofNegatives.length,
  };
}

/** Ranks from 1 with ties sharing their mean. */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, index) => index).sort(
    (i, j) => (values[i] ?? 0) - (values[j] ?? 0),
  );
  const ranks = new Float64Array(n);
  for (let start = 0; start < n; ) {
    const value = values[order[start] ?? 0];
    let end = start + 1;
    while (end < n && values[order[end] ?? 0] === value) end += 1;
    for (let place = start; place < end; place += 1) ranks[order[place] ?? 0] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

type Placements = {
  readonly auc: number;
  readonly ofPositives: Float64Array;
  readonly ofNegatives: Float64Array;
};

/** For each positive the share of negatives it beats (V10), and for each negative the share of positives that beat it (V01). */
function placements(positive: ArrayLike<number>, scores: ArrayLike<number>): Placements {
  const isPositive = (row: number): boolean => positive[row] === 1;
  const rows = Array.from({ length: scores.length }, (_, row) => row);
  const pool = midRanks(scores);
  const positiveRows = rows.filter(isPositive);
  const negativeRows = rows.filter((row) => !isPositive(row));
  const m = positiveRows.length;
  const n = negativeRows.length;
  const amongPositives = midRanks(positiveRows.map((row) => scores[row] ?? 0));
  const amongNegatives = midRanks(negativeRows.map((row) => scores[row] ?? 0));
  const ofPositives = Float64Array.from(
    positiveRows,
    (row, i) => ((pool[row] ?? 0) - (amongPositives[i] ?? 0)) / n,
  );
  const ofNegatives = Float64Array.from(
    negativeRows,
    (row, j) => 1 - ((pool[row] ?? 0) - (amongNegatives[j] ?? 0)) / m,
  );
  const auc = ofPositives.reduce((sum, share) => sum + share, 0) / m;
  return { auc, ofPositives, ofNegatives };
}

function varianceOfDifference(b: Float64Array, a: Float64Array): number {
  const n = b.length;
  const differences = b.map((value, index) => value - (a[index] ?? 0));
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return squares / (n - 1) / n;
}
