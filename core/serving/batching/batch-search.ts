import { z } from 'zod';

/** Bounds of texts in a manifest that are the machine's or the model's own. */
const MAX_NAME = 255;
const MAX_MESSAGE = 1_000;
const MAX_SIZES = 16;

/** Why a search ended before the largest batch. After the first three, what was measured before still counts. */
const SEARCH_ENDS = ['time', 'memory', 'limit', 'apart', 'differs', 'failed', 'no-gpu'] as const;

const machineSchema = z.object({
  processor: z.string().max(MAX_NAME),
  cores: z.int().positive(),
  memoryBytes: z.int().positive(),
  gpu: z.string().max(MAX_NAME).optional(),
});

/** A search that did not reach the largest batch: at which size it ended, and why, for people. */
const endedSchema = z.object({
  at: z.int().positive(),
  why: z.enum(SEARCH_ENDS),
  message: z.string().max(MAX_MESSAGE),
});

/** What the Python side measured (runtime/trainyard/batches.py): the times of whole batches of each size in ms, warm-ups left out. */
export const batchTimesSchema = z.object({
  machine: machineSchema,
  sizes: z
    .array(z.object({ size: z.int().positive(), batchMs: z.array(z.number().positive()).min(1) }))
    .max(MAX_SIZES),
  ended: endedSchema.optional(),
});
export type BatchTimes = z.infer<typeof batchTimesSchema>;

/** What a package says of how its batch size was found. The size itself is that of its serving settings. */
export const batchSearchSchema = z.object({
  /** Why it is that size, in sentences. */
  why: z.string().max(2 * MAX_MESSAGE),
  machine: machineSchema,
  /** What was measured of each size: so many batches, quantiles of their times in ms, and requests per second of one full worker. */
  sizes: z
    .array(
      z.object({
        size: z.int().positive(),
        batches: z.int().positive(),
        medianMs: z.number().positive(),
        p99Ms: z.number().positive(),
        requestsPerSecond: z.number().positive(),
        /** Whether it meets the gate's rules on latency, the wait for a batch to fill added; absent where there are none. */
        meetsLatency: z.boolean().optional(),
      }),
    )
    .max(MAX_SIZES),
  ended: endedSchema.optional(),
});
export type BatchSearch = z.infer<typeof batchSearchSchema>;
