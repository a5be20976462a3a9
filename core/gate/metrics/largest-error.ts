import type { Pair, Side } from '../predictions.ts';

/** No error has a limit; taken is the spread of the targets, which a model that guesses among them stays within, or the largest error seen. */
export function largestError({ sample, champion, challenger }: Pair): number {
  const { labels } = sample;
  const spread = largestOf(labels) + largestOf(labels.map((label) => -label));
  const errors = ({ predictions }: Side): Float64Array =>
    predictions.map((value, row) => Math.abs(value - (labels[row] ?? Number.NaN)));
  return Math.max(spread, largestOf(errors(champion)), largestOf(errors(challenger)));
}

/** The largest of some values. */
export function largestOf(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
}
