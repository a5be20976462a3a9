import { z } from 'zod';
import type { LoggedModel } from '../ports.ts';

/** What the signature of a model says of the data that it takes and of its answers. */
type ReadSignature = {
  /** The columns that it names; none where they have no names. */
  readonly columns: readonly string[];
  /** Whether each of its answers is one number with a fraction. */
  readonly isOfNumbers: boolean;
};

const partSchema = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  'tensor-spec': z.looseObject({ dtype: z.string(), shape: z.array(z.number()) }).optional(),
});
type Part = z.infer<typeof partSchema>;
const partsSchema = z.array(partSchema);

/** Reads a signature as MLflow writes it into a model (texts of JSON). What can't be read says nothing. */
export function readSignature({ inputs, outputs }: NonNullable<LoggedModel['signature']>): ReadSignature {
  const taken = readParts(inputs);
  const answered = readParts(outputs ?? '');
  const isNamed = taken.every(({ name }) => name !== undefined);
  return {
    columns: isNamed ? taken.flatMap(({ name }) => name ?? []) : [],
    isOfNumbers: answered.length === 1 && answered.every(isOneNumber),
  };
}

function isOneNumber({ type, 'tensor-spec': tensor }: Part): boolean {
  if (tensor === undefined) return type === 'double' || type === 'float';
  const [, width = 1, ...more] = tensor.shape;
  return tensor.dtype.startsWith('float') && width === 1 && more.length === 0;
}

function readParts(text: string): readonly Part[] {
  try {
    return partsSchema.catch([]).parse(JSON.parse(text));
  } catch {
    return [];
  }
}
