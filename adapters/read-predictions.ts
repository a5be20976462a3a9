import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import type { Predictions } from '../core/gate/predictions.ts';
import { digestSchema } from '../core/identity/digest.ts';
import { SCHEMAS } from '../core/names.ts';

const METADATA_KEY = 'trainyard';

const metadataSchema = z.object({
  schema: z.literal(SCHEMAS.predictions),
  task: z.enum(['binary', 'multiclass', 'regression']),
  classes: z.array(z.string()),
  rows: z.int().nonnegative(),
  modelDigest: digestSchema,
  holdoutDigest: digestSchema,
});
type Metadata = z.infer<typeof metadataSchema>;
type Row = Readonly<Record<string, unknown>>;

/** Predictions as the Python runtime wrote them, with the digests of the model and of the holdout they were made from. */
export type StoredPredictions = {
  readonly predictions: Predictions;
  readonly modelDigest: string;
  readonly holdoutDigest: string;
};

/**
 * Reads a Parquet file of predictions. Its values are data from a job that ran a user's code: they are taken as they are, and
 * whether they can be judged is for the gate to say. Rejects with a UserError when the file is none of ours.
 */
export async function readPredictions(file: string): Promise<StoredPredictions> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const { key_value_metadata: pairs = [] } = await parquetMetadataAsync(buffer);
    const text = pairs.find(({ key }) => key === METADATA_KEY)?.value ?? 'null';
    const metadata = metadataSchema.parse(JSON.parse(text));
    const rows = await parquetReadObjects({ file: buffer });
    const { modelDigest, holdoutDigest } = metadata;
    return { predictions: toPredictions(metadata, rows), modelDigest, holdoutDigest };
  } catch (thrown) {
    throw new UserError(
      [
        {
          code: 'unreadable-predictions',
          message: `The predictions in ${file} can't be read: ${messageOf(thrown)}.`,
          remedy: 'Delete them from the artifacts of the run, and run the predict phase again.',
        },
      ],
      { cause: thrown },
    );
  }
}

function toPredictions({ task, classes }: Metadata, rows: readonly Row[]): Predictions {
  const columns = Object.keys(rows[0] ?? {});
  const index = new Map(classes.map((name, position) => [name, position]));
  // An answer that is none of the classes becomes -1, which the gate's own checks report.
  const toNumber = (value: unknown) =>
    task === 'regression' ? Number(value) : (index.get(String(value)) ?? -1);
  const numbers = (name: string, read: (value: unknown) => number) =>
    Float64Array.from(rows, (row) => read(row[name]));
  const texts = (name: string) => rows.map((row) => String(row[name] ?? ''));
  const scores = classes.map((_, position) => `score_${position}`).filter((name) => columns.includes(name));
  const named = <T>(prefix: string, read: (column: string) => T) =>
    Object.fromEntries(
      columns
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), read(name)] as const),
    );
  return {
    task,
    classes,
    ids: texts('id'),
    labels: numbers('label', toNumber),
    predictions: numbers('prediction', toNumber),
    scores: scores.map((name) => numbers(name, Number)),
    groups: columns.includes('group') ? texts('group') : undefined,
    slices: named('slice.', texts),
    // What is no number becomes NaN, which the gate's own checks report.
    rowMetrics: named('metric.', (name) => numbers(name, Number)),
  };
}
