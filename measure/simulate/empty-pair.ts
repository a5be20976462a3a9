import type { Pair, Sample, Side } from '../../core/gate/predictions.ts';

type EmptySample = {
  readonly rows: number;
  readonly classes: readonly [string, string];
  /** By this slice's name, row r lies in part r modulo `parts`. */
  readonly slice?: { readonly name: string; readonly parts: number };
};

/** A sample whose labels are all the first class: the draws of a simulation are filled into it again and again. */
export function emptySample({ rows, classes, slice }: EmptySample): Sample {
  const ids = Array.from({ length: rows }, (_, row) => String(row));
  const slices = slice === undefined ? {} : { [slice.name]: ids.map((_, row) => String(row % slice.parts)) };
  const labels = new Float64Array(rows);
  return { task: 'binary', classes, ids, labels, truths: [], groups: undefined, slices };
}

/** The answers of one model to `rows` rows, all of them the first class. */
export function emptySide(rows: number): Side {
  return { predictions: new Float64Array(rows), parts: [], scores: [], rowMetrics: {} };
}

/** Two models that answer alike, on one sample. */
export function emptyPair(sample: EmptySample): Pair {
  return {
    sample: emptySample(sample),
    champion: emptySide(sample.rows),
    challenger: emptySide(sample.rows),
  };
}

/** The same, each with a score of 0 for the second class. */
export function emptyScoredPair(sample: EmptySample): Pair {
  const scored = (): Side => ({ ...emptySide(sample.rows), scores: [new Float64Array(sample.rows)] });
  return { sample: emptySample(sample), champion: scored(), challenger: scored() };
}
