import { epochMs, toInstant } from '../../instant.ts';
import type { Observation } from '../../rollout/evidence/observation.ts';
import { addLatency, type LatencyCounts, quantileEdge } from '../../statistics/latency-buckets.ts';

const HOUR_MS = 3_600_000;

/**
 * What the hosts' proxies saw of the version that serves, in one hour: requests, those of them that failed (5xx, or no answer) and that
 * were refused (4xx), and the time within which half of the answers, and 95 of 100, were given, in ms.
 */
export type HourSums = {
  readonly at: string;
  readonly requests: number;
  readonly errors: number;
  readonly refused: number;
  readonly median?: number;
  readonly p95?: number;
};

/** Observations added up by hour, the oldest first. */
export function sumHours(observations: readonly Observation[]): readonly HourSums[] {
  const byHour = Map.groupBy(observations, ({ at }) => Math.floor(epochMs(at) / HOUR_MS) * HOUR_MS);
  return [...byHour].toSorted(([a], [b]) => a - b).map(([hour, ofHour]) => sumHour(toInstant(hour), ofHour));
}

function sumHour(at: string, observations: readonly Observation[]): HourSums {
  const sums = { requests: 0, errors: 0, refused: 0 };
  let latency: LatencyCounts | undefined;
  for (const { stable } of observations) {
    sums.requests += stable.requests;
    sums.errors += stable.errors;
    sums.refused += stable.refused;
    // Hosts that count in other buckets can't be added; the first ones' are told.
    latency = latency === undefined ? stable.latency : (addLatency(latency, stable.latency) ?? latency);
  }
  const median = latency && quantileEdge(latency, 0.5);
  const p95 = latency && quantileEdge(latency, 0.95);
  return { at, ...sums, ...(median !== undefined && { median }), ...(p95 !== undefined && { p95 }) };
}
