import type { Sample, Side } from '../predictions.ts';

/**
 * Per row the mean over its classes of how many of those that score at least as high are its own too; 1 for a row that has no class or
 * all: `label_ranking_average_precision_score` of scikit-learn, row by row.
 */
export function labelRankingPrecision({ truths, labels }: Sample, { scores }: Side): Float64Array {
  return labels.map((_, row) => {
    const own = truths.flatMap((column, place) =>
      column[row] === 1 ? [scores[place]?.[row] ?? Number.NaN] : [],
    );
    if (own.length === 0 || own.length === truths.length) return 1;
    const all = scores.map((column) => column[row] ?? Number.NaN);
    const shares = own.map((score) => countFrom(own, score) / countFrom(all, score));
    return shares.reduce((sum, share) => sum + share, 0) / own.length;
  });
}

function countFrom(scores: readonly number[], least: number): number {
  return scores.reduce((count, score) => count + (score >= least ? 1 : 0), 0);
}
