import { z } from 'zod';
import type { Store } from '../store/store.ts';

const KEY = 'unnamed-model';
const schema = z.object({ model: z.string().optional() });

/**
 * The model that is asked where a request names none (`/invocations`): the one that had traffic here first, and no other after it
 * while it is here. A second model takes no path away from the first, and a client never gets the answers of another model.
 */
export function unnamedModel(store: Pick<Store, 'getMemory'>): string | undefined {
  return store.getMemory(KEY, schema)?.model;
}

/** Notes that a model is served here no more: the path without a name goes to the next one that comes. */
export function giveUpUnnamed(store: Pick<Store, 'getMemory' | 'putMemory'>, model: string): void {
  if (unnamedModel(store) === model) store.putMemory(KEY, {});
}

/** Notes that a model has traffic here for the first time. */
export function claimUnnamed(store: Pick<Store, 'getMemory' | 'putMemory'>, model: string): void {
  if (unnamedModel(store) === undefined) store.putMemory(KEY, { model });
}
