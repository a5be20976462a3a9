import { z } from 'zod';
import { epochMs, instantSchema, toInstant } from '../instant.ts';
import { addLatency, latencyCountsSchema } from '../statistics/latency-buckets.ts';

const HOUR_MS = 3_600_000;
const count = z.int().nonnegative();

/**
 * What a host's proxy saw of the version that serves, in the hour (UTC) that begins at `at`: requests, those of them that failed (5xx, or no
 * answer) and that were refused (4xx), and its answers in ms buckets.
 */
export const hourCountsSchema = z.object({
  at: instantSchema,
  requests: count,
  errors: count,
  refused: count,
  latency: latencyCountsSchema,
});
export type HourCounts = z.infer<typeof hourCountsSchema>;

/** What was seen at an instant, and counts in the hour of that. */
type Seen = { readonly at: string; readonly stable: Omit<HourCounts, 'at'> };

/** Adds what was seen by hour. Buckets that differ can't be added: the first of an hour are kept. */
export function addByHour(hours: Map<string, HourCounts>, seen: readonly Seen[]): void {
  for (const { at, stable } of seen) {
    const hour = toInstant(Math.floor(epochMs(at) / HOUR_MS) * HOUR_MS);
    hours.set(hour, addHour(hours.get(hour), { ...stable, at: hour }));
  }
}

/** Hours as `addByHour` has summed them, the oldest first. */
export function listHours(hours: ReadonlyMap<string, HourCounts>): readonly HourCounts[] {
  return [...hours.values()].toSorted((left, right) => epochMs(left.at) - epochMs(right.at));
}

function addHour(
  sum: HourCounts | undefined,
  { at, requests, errors, refused, latency }: HourCounts,
): HourCounts {
  if (sum === undefined) return { at, requests, errors, refused, latency };
  return {
    at,
    requests: sum.requests + requests,
    errors: sum.errors + errors,
    refused: sum.refused + refused,
    latency: addLatency(sum.latency, latency) ?? sum.latency,
  };
}
