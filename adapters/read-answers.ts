import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { ANSWERS_KEYS, answersSchema, TASKS } from '../core/answers/contract.ts';
import type { ServingInput } from '../core/config/config.ts';
import { messageOf, UserError } from '../core/errors.ts';
import type { Answers } from '../core/gate/answers.ts';
import type { ExampleAnswers } from '../core/gate/examples.ts';
import { type Explanation, explanationSchema } from '../core/gate/explain/explanation.ts';
import { type ModelEnvironment, modelEnvironmentSchema } from '../core/gate/model-environment.ts';
import { type ModelSignature, parseSignature } from '../core/gate/signature.ts';
import { digestSchema } from '../core/identity/digest.ts';
import { SCHEMAS } from '../core/names.ts';
import { openParquet, type ParquetColumns } from './parquet/columns.ts';

const METADATA_KEY = 'trainyard';
/** Columns that answers stand in. */
const OURS = /^(?:id|prediction|(?:score|answer)_\d+|metric\..+)$/;
/** The runtime asks about no more of one file. */
const MOST_EXAMPLES = 10_000;
/** Larger than any explanation that the runtime writes. */
const MOST_BYTES = 1_000_000;
/** Before the name of a metric of the user's own. */
const METRIC = 'metric.';

const metadataSchema = z.object({
  schema: z.literal(SCHEMAS.predictions),
  task: z.enum(TASKS),
  classes: z.array(z.string()),
  closed: z.boolean(),
  answers: answersSchema,
  inferred: z.array(z.enum(ANSWERS_KEYS)),
  modelDigest: digestSchema,
  examples: z
    .array(
      z.object({
        digest: digestSchema,
        answers: z.array(z.union([z.string(), z.number()])).max(MOST_EXAMPLES),
        scores: z.array(z.number()).max(MOST_EXAMPLES).nullable(),
      }),
    )
    .exactOptional(),
  holdoutDigest: digestSchema,
  environment: modelEnvironmentSchema,
  /** The MLflow signature. */
  signature: z
    .object({ inputs: z.string().optional(), outputs: z.string().optional() })
    .nullish()
    .catch(undefined),
});

/** As `PictureSteps.to_json` in runtime/trainyard/picture_steps.py writes it. */
const stepsSchema = z.object({
  kind: z.literal('image'),
  size: z.tuple([z.int().positive(), z.int().positive()]),
  mode: z.enum(['L', 'RGB']),
  shorterSide: z.int().positive().exactOptional(),
  interpolation: z.enum(['nearest', 'bilinear', 'bicubic']),
  scale: z.number(),
  mean: z.array(z.number()).min(1).max(3),
  std: z.array(z.number()).min(1).max(3),
  layout: z.enum(['CHW', 'HWC', 'HW']),
});
const picturesSchema = z.object({
  schema: z.literal(SCHEMAS.predictions),
  pictures: stepsSchema.exactOptional(),
});
type Metadata = z.infer<typeof metadataSchema>;

/** Answers as the Python runtime wrote them, with the digest and the signature of the model that gave them, and what it predicted in. */
export type StoredAnswers = {
  readonly answers: Answers;
  readonly modelDigest: string;
  /** To the files of examples that it was asked about. */
  readonly examples?: readonly ExampleAnswers[];
  readonly signature: ModelSignature | undefined;
  readonly environment: ModelEnvironment;
};

/**
 * Reads a Parquet file of predictions. Its values are data from a job that ran a user's code: only ids, answers, scores and values of the
 * user's own metrics are read, and what is true stands elsewhere. A few bytes may stand for millions of rows: other than `rows` are not
 * unpacked. Rejects with a UserError for them, and when the file is none of ours.
 */
export async function readAnswers(file: string, rows: number): Promise<StoredAnswers> {
  try {
    const parquet = await openParquet(file, (name) => OURS.test(name));
    if (parquet.rows !== rows) {
      throw new Error(`they are ${parquet.rows}, and the holdout has ${rows} examples`);
    }
    const metadata = metadataSchema.parse(JSON.parse(parquet.about.get(METADATA_KEY) ?? 'null'));
    const { modelDigest, signature, environment, examples } = metadata;
    return {
      answers: await toAnswers(metadata, parquet),
      modelDigest,
      environment,
      ...(examples && { examples }),
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

/**
 * By which steps pictures became what the model was given that answered; `undefined` where the holdout held none. Rejects where the file is
 * none of ours.
 */
export async function readSteps(file: string): Promise<ServingInput | undefined> {
  const { about } = await openParquet(file, () => false);
  return picturesSchema.parse(JSON.parse(about.get(METADATA_KEY) ?? 'null')).pictures;
}

/** Reads what a model's answers hang on, which is data from a job that ran a user's code. Rejects where it is none of ours. */
export async function readExplanation(file: string): Promise<Explanation> {
  const { size } = await stat(file);
  if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, and ${MOST_BYTES} are the most`);
  return explanationSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** Reads one column after the other, each into numbers at once: scores of many classes are many. */
async function toAnswers(
  { task, classes, closed, answers, inferred, holdoutDigest }: Metadata,
  parquet: ParquetColumns,
): Promise<Answers> {
  const index = new Map(classes.map((name, position) => [name, position]));
  const toNumber = (value: unknown) => {
    if (task === 'regression' || task === 'ranking' || task === 'quantiles') return toValue(value);
    // A text is judged by metrics of the user's own alone, and of several classes each has a column.
    return task === 'text' || task === 'multilabel' ? 0 : (index.get(String(value)) ?? -1);
  };
  const numbers = async (name: string, read: (value: unknown) => number) => {
    const values = new Float64Array(parquet.rows).fill(Number.NaN);
    await parquet.read(name, (value, row) => {
      values[row] = read(value);
    });
    return values;
  };
  const texts = async (name: string) => {
    const values = new Array<string>(parquet.rows).fill('');
    await parquet.read(name, (value, row) => {
      values[row] = String(value ?? '');
    });
    return values;
  };
  const given = new Set(parquet.names);
  const ofClasses = async (kind: 'score' | 'answer') => {
    const columns: Float64Array[] = [];
    for (const name of classes.map((_, position) => `${kind}_${position}`).filter((one) => given.has(one))) {
      columns.push(await numbers(name, toValue));
    }
    return columns;
  };
  const scores = await ofClasses('score');
  const rowMetrics: Record<string, Float64Array> = {};
  for (const name of parquet.names.filter((one) => one.startsWith(METRIC))) {
    rowMetrics[name.slice(METRIC.length)] = await numbers(name, toValue);
  }
  return {
    ...{ task, classes, isClosed: closed, contract: answers, inferred },
    ...{ ids: await texts('id'), scores, rowMetrics, holdoutDigest },
    predictions: await numbers('prediction', toNumber),
    ...((task === 'multilabel' || task === 'quantiles') && { parts: await ofClasses('answer') }),
    ...(task === 'open' && { names: await texts('prediction') }),
  };
}

/** What is no number, or not there, becomes NaN, which the gate's own checks report. */
function toValue(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
