import path from 'node:path';
import { z } from 'zod';
import { runProcess } from '../../adapters/run-process.ts';

/** The folder of the kinds, and of what plays them. */
export const KINDS_FOLDER = import.meta.dirname;

const kindSchema = z.object({
  name: z.string(),
  family: z.string(),
  title: z.string(),
  /** The call that logs it. */
  logged: z.string(),
  /** `answers` of trainyard.yml; empty where nothing is said. */
  declares: z.string(),
  /** `works`, or the code that `trainyard check` refuses it by. */
  outcome: z.string(),
  /** How the holdout's file is called. */
  file: z.enum(['csv', 'parquet', 'npz']),
  metric: z.enum(['accuracy', 'mae', 'hamming-loss', 'mean-pinball', 'ndcg']),
  /** What else stands under `data.holdout`; empty where nothing does. */
  holdout: z.string(),
});

/** One kind of model that people log. */
export type ModelKind = Readonly<z.infer<typeof kindSchema>>;

/** All kinds, in the order of the table; `python` needs none of their libraries. */
export async function readKinds(python: string): Promise<readonly ModelKind[]> {
  const command = { command: python, args: [path.join(KINDS_FOLDER, 'read_kinds.py')] };
  const end = await runProcess({ ...command, cwd: KINDS_FOLDER, env: process.env });
  if (end.code !== 0) throw new Error(`The kinds can't be read: ${end.stderr.join('\n')}`);
  return z.array(kindSchema).parse(JSON.parse(end.stdout.join('')));
}
