import { z } from 'zod';
import type { AgentContext } from '../context.ts';
import { captureFolder } from '../instances/launch.ts';
import { countInvalid, readCapture } from './read-capture.ts';
import { countNew, goOnFrom } from './worker-counts.ts';

const count = z.number();
const totalSchema = z.object({ total: count, workers: z.record(z.string(), count) });

/**
 * How many requests a version has answered with what was NaN or broke the schema, on this host, ever. It is remembered, so that it does
 * not fall when what an idle worker wrote is dropped, or the agent begins anew.
 */
export function totalInvalid(
  { store, options }: Pick<AgentContext, 'store' | 'options'>,
  { model, version }: { readonly model: string; readonly version: string },
): number {
  const key = `invalid/${model}/${version}`;
  const before = store.getMemory(key, totalSchema) ?? { total: 0, workers: {} };
  const workers = countInvalid(readCapture(captureFolder(options.dataDir, model, version)));
  const grown = countNew(before.workers, workers);
  const total = before.total + grown;
  if (grown > 0) store.putMemory(key, { total, workers: goOnFrom(before.workers, workers) });
  return total;
}
