import type { TwoByTwo } from '../../statistics/distributions/fisher-noncentral-hypergeometric.ts';
import {
  countAbove,
  countLatency,
  type LatencyCounts,
  nextEdge,
  quantileEdge,
} from '../../statistics/latency-buckets.ts';
import type { ArmCounts } from './observation.ts';

/** Which of the stable version's latency quantiles are watched. */
export const SLOW_QUANTILES = [0.5, 0.9, 0.99] as const;

/** Fewer stable requests than this fix no threshold. */
const MIN_REQUESTS_FOR_THRESHOLDS = 50;

/** Slow is: over `stableMs` for the stable version, over `candidateMs` (the margin added) for the candidate. */
export type SlowThreshold = {
  readonly quantile: number;
  readonly stableMs: number;
  readonly candidateMs: number;
};

/**
 * One threshold per watched quantile of the answers, at bucket edges, with the margin rounded up to the next edge.
 * `undefined` while there are too few requests or a quantile lies in the open last bucket.
 */
export function fixSlowThresholds(
  stable: LatencyCounts | undefined,
  margin: number,
): readonly SlowThreshold[] | undefined {
  if (stable === undefined || countLatency(stable) < MIN_REQUESTS_FOR_THRESHOLDS) return undefined;
  const thresholds = SLOW_QUANTILES.flatMap((quantile) => {
    const stableMs = quantileEdge(stable, quantile);
    const candidateMs = stableMs && nextEdge(stable.edges, (1 + margin) * stableMs);
    return stableMs === undefined || candidateMs === undefined ? [] : [{ quantile, stableMs, candidateMs }];
  });
  return thresholds.length === SLOW_QUANTILES.length ? thresholds : undefined;
}

/** Whether thresholds fixed earlier still are edges of these buckets. */
export function fitsBuckets(thresholds: readonly SlowThreshold[], edges: readonly number[]): boolean {
  return thresholds.every(
    ({ stableMs, candidateMs }) => edges.includes(stableMs) && edges.includes(candidateMs),
  );
}

/** The 2×2 table of slow requests at one threshold. One that was never answered is slow at any. */
export function countSlow(
  threshold: SlowThreshold,
  candidate: Pick<ArmCounts, 'latency' | 'unanswered'>,
  stable: Pick<ArmCounts, 'latency' | 'unanswered'>,
): TwoByTwo {
  return {
    candidateTotal: countLatency(candidate.latency) + candidate.unanswered,
    candidateBad: countAbove(candidate.latency, threshold.candidateMs) + candidate.unanswered,
    stableTotal: countLatency(stable.latency) + stable.unanswered,
    stableBad: countAbove(stable.latency, threshold.stableMs) + stable.unanswered,
  };
}
