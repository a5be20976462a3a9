import { readFile, stat } from 'node:fs/promises';
import { type Explanation, explanationSchema } from '../core/gate/explain/explanation.ts';

/** Larger than any that the runtime writes. */
const MOST_BYTES = 1_000_000;

/** Reads what a model's answers hang on, which is data from a job that ran a user's code. Rejects where it is none of ours. */
export async function readExplanation(file: string): Promise<Explanation> {
  const { size } = await stat(file);
  if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, and ${MOST_BYTES} are the most`);
  return explanationSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}
