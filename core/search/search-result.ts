import { z } from 'zod';
import { parametersSchema } from '../ledger/parameters.ts';

const bestSchema = z.object({
  trial: z.int().nonnegative(),
  value: z.number(),
  parameters: parametersSchema,
  runId: z.string().min(1),
});

/** How far a search is, as the Python runtime says it. Times are in seconds. */
export const searchProgressSchema = z.object({
  asked: z.int().positive(),
  complete: z.int().nonnegative(),
  pruned: z.int().nonnegative(),
  running: z.int().nonnegative(),
  /** Trials whose own training failed. */
  failed: z.int().nonnegative(),
  /** Trials whose worker died; they were run again. */
  lost: z.int().nonnegative(),
  /** Of the trials that ran to their end, in the order in which they did. */
  values: z.array(z.number()).readonly(),
  best: bestSchema.nullable(),
  seconds: z.number(),
  secondsToDeadline: z.number().nullable(),
});
export type SearchProgress = Readonly<z.infer<typeof searchProgressSchema>>;

const trialSchema = z.object({
  number: z.int().nonnegative(),
  state: z.enum(['complete', 'pruned']),
  /** A pruned trial has the last value that it reported, or none. */
  value: z.number().nullable(),
  parameters: parametersSchema,
  runId: z.string().nullable(),
  seconds: z.number().nullable(),
});
export type SearchTrial = Readonly<z.infer<typeof trialSchema>>;

/** A search that is over, as the Python runtime gives it. */
export const searchResultSchema = searchProgressSchema.extend({
  study: z.string(),
  metric: z.string(),
  direction: z.enum(['maximize', 'minimize']),
  sampler: z.object({
    kind: z.literal('tpe'),
    seed: z.int(),
    multivariate: z.boolean(),
    constantLiar: z.boolean(),
  }),
  pruning: z.string(),
  /** Version of Optuna. */
  optuna: z.string(),
  /** How much of the differences each parameter explains, from 0 to 1. */
  importances: z.object({ method: z.string(), values: z.record(z.string(), z.number()) }).nullable(),
  trials: z.array(trialSchema).readonly(),
});
export type SearchResult = Readonly<z.infer<typeof searchResultSchema>>;
