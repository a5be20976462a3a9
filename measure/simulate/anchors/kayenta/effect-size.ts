import { rank } from './mann-whitney.ts';

/** How much larger the candidate's values are: the ratio of the means, or the share of pairs in which the candidate's is larger. */
export type EffectMeasure = 'mean-ratio' | 'cles';

/** The effect by this measure; `NaN` where a ratio has a mean of zero. No value is `NaN`. */
export function effectSize(
  measure: EffectMeasure,
  candidate: readonly number[],
  stable: readonly number[],
): number {
  return measure === 'cles' ? commonLanguage(candidate, stable) : meanRatio(candidate, stable);
}

function meanRatio(candidate: readonly number[], stable: readonly number[]): number {
  const [above, below] = [mean(candidate), mean(stable)];
  return above === 0 || below === 0 ? Number.NaN : above / below;
}

function mean(series: readonly number[]): number {
  return series.reduce((sum, value) => sum + value, 0) / series.length;
}

/** Reference: Vargha & Delaney, "A critique and improvement of the CL common language effect size statistics" (2000). */
function commonLanguage(candidate: readonly number[], stable: readonly number[]): number {
  const [m, n] = [candidate.length, stable.length];
  const [left, right] = [candidate, stable].map((series) => series.toSorted((a, b) => a - b));
  return (2 * rank(left ?? [], right ?? []).rankSum - m * (m + 1)) / (2 * m * n);
}
