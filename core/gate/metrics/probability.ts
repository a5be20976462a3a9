import type { Side } from '../predictions.ts';
import type { Undefined } from './metric.ts';

/** The probability a model gives class `index`; a binary model may give only that of the positive class. */
export function probability(side: Side, index: number, row: number): number {
  if (side.scores.length !== 1) return side.scores[index]?.[row] ?? Number.NaN;
  const positive = side.scores[0]?.[row] ?? Number.NaN;
  return index === 1 ? positive : 1 - positive;
}

/** The same for all rows. */
export function scoresOf(side: Side, index: number): Float64Array {
  const [only] = side.scores;
  if (side.scores.length === 1 && only !== undefined) return index === 1 ? only : only.map((one) => 1 - one);
  return side.scores[index] ?? new Float64Array(side.predictions.length).fill(Number.NaN);
}

/** Why a metric of scores has nothing to look at. */
export function noScores(side: Side): Undefined | undefined {
  if (side.scores.length > 0) return undefined;
  return { code: 'no-scores', message: 'The model gives no probabilities, and this metric needs them.' };
}
