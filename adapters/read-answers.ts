import { asyncBufferFromFile, parquetReadObjects, parquetSchema } from 'hyparquet';
import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import type { Answers } from '../core/gate/answers.ts';
import { type ModelSignature, parseSignature } from '../core/gate/signature.ts';
import { digestSchema } from '../core/identity/digest.ts';
import { SCHEMAS } from '../core/names.ts';
import { readMetadata, requireRoom } from './parquet-room.ts';

const METADATA_KEY = 'trainyard';
/** Columns that answers stand in. */
const OURS = /^(?:id|prediction|score_\d+|metric\..+)$/;

const metadataSchema = z.object({
  schema: z.literal(SCHEMAS.predictions),
  task: z.enum(['binary', 'multiclass', 'regression']),
  classes: z.array(z.string()),
  modelDigest: digestSchema,
  holdoutDigest: digestSchema,
  /** The MLflow signature. */
  signature: z
    .object({ inputs: z.string().optional(), outputs: z.string().optional() })
    .nullish()
    .catch(undefined),
});
type Metadata = z.infer<typeof metadataSchema>;
type Row = Readonly<Record<string, unknown>>;

/** Answers as the Python runtime wrote them, with the digest and the signature of the model that gave them. */
export type StoredAnswers = {
  readonly answers: Answers;
  readonly modelDigest: string;
  readonly signature: ModelSignature | undefined;
};

/**
 * Reads a Parquet file of predictions. Its values are data from a job that ran a user's code: only ids, answers, scores and values of the
 * user's own metrics are read, and what is true stands elsewhere. A few bytes may stand for millions of rows: other than `rows` are not
 * unpacked. Rejects with a UserError for them, and when the file is none of ours.
 */
export async function readAnswers(file: string, rows: number): Promise<StoredAnswers> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const parquet = await readMetadata(buffer);
    const { key_value_metadata: pairs = [], num_rows: given } = parquet;
    if (Number(given) !== rows) throw new Error(`they are ${given}, and the holdout has ${rows} examples`);
    const text = pairs.find(({ key }) => key === METADATA_KEY)?.value ?? 'null';
    const metadata = metadataSchema.parse(JSON.parse(text));
    const names = parquetSchema(parquet).children.map(({ element }) => element.name);
    const columns = names.filter((name) => OURS.test(name));
    await requireRoom(buffer, parquet, columns);
    const read = await parquetReadObjects({ file: buffer, metadata: parquet, columns });
    const { modelDigest, signature } = metadata;
    return {
      answers: toAnswers(metadata, columns, read),
      modelDigest,
      signature: parseSignature(signature?.inputs, signature?.outputs),
    };
  } catch (thrown) {
    throw new UserError(
      [
        {
          code: 'unreadable-predictions',
          message: `The predictions in ${file} can't be read: ${messageOf(thrown)}.`,
          remedy: 'Run the jobs that predict again, with the same version of all Trainyard actions.',
        },
      ],
      { cause: thrown },
    );
  }
}

function toAnswers(
  { task, classes, holdoutDigest }: Metadata,
  columns: readonly string[],
  rows: readonly Row[],
): Answers {
  const index = new Map(classes.map((name, position) => [name, position]));
  const toNumber = (value: unknown) =>
    task === 'regression' ? toValue(value) : (index.get(String(value)) ?? -1);
  const numbers = (name: string, read: (value: unknown) => number) =>
    Float64Array.from(rows, (row) => read(row[name]));
  const scores = classes.map((_, position) => `score_${position}`).filter((name) => columns.includes(name));
  const metrics = columns.filter((name) => name.startsWith('metric.'));
  return {
    task,
    classes,
    ids: rows.map((row) => String(row['id'] ?? '')),
    predictions: numbers('prediction', toNumber),
    scores: scores.map((name) => numbers(name, toValue)),
    rowMetrics: Object.fromEntries(
      metrics.map((name) => [name.slice('metric.'.length), numbers(name, toValue)] as const),
    ),
    holdoutDigest,
  };
}

/** What is no number, or not there, becomes NaN, which the gate's own checks report. */
function toValue(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
