import { z } from 'zod';
import { addLatency, type LatencyCounts } from '../../statistics/latency-buckets.ts';
import { learnDispersion } from '../../statistics/sequential/e-process.ts';
import type { BadCount, Observation } from './observation.ts';
import { countSlow, fixSlowThresholds, SLOW_QUANTILES } from './slow-requests.ts';
import type { StablePast } from './stable-past.ts';

const share = z.number().gt(0).lte(1);

/** How much of each interval's evidence counts, in (0, 1]: less when counts vary more than chance alone lets them. */
export const temperingSchema = z.object({ errors: share, slow: share, refused: share, invalid: share });

/** See `temperingSchema`. */
export type Tempering = z.infer<typeof temperingSchema>;

/** What is known of the stable version before a rollout starts, or beside what is seen of it here. */
export type Baseline = StablePast & {
  /** On a host: whether it was told what all hosts, itself among them, have seen in this rollout; the counts are those, then. */
  readonly ofAllHosts?: 'told' | 'untold';
  readonly eta: Tempering;
  /** Latency by the id of each host, for the first stage's thresholds. */
  readonly latency: Readonly<Record<string, LatencyCounts>>;
};

/** Nothing known: no tempering, no history. */
export const NO_BASELINE: Baseline = {
  eta: { errors: 1, slow: 1, refused: 1, invalid: 1 },
  requests: 0,
  errors: 0,
  invalid: 0,
  latency: {},
};

/** Fewer quiet intervals than this say nothing about over-dispersion. */
const MIN_QUIET_INTERVALS = 20;

/**
 * The tempering to use, learnt from past intervals in which both versions were alike: polls of rollouts that were promoted
 * and never near an alarm, or of a champion against itself. 1 throughout when there are too few of them.
 */
export function learnTempering(quiet: readonly Observation[]): Tempering {
  if (quiet.length < MIN_QUIET_INTERVALS) return NO_BASELINE.eta;
  const tablesOf = (metric: BadCount) =>
    quiet.map(({ candidate, stable }) => ({
      candidateTotal: candidate.requests,
      candidateBad: candidate[metric],
      stableTotal: stable.requests,
      stableBad: stable[metric],
    }));
  return {
    errors: 1 / learnDispersion(tablesOf('errors')),
    slow: 1 / learnSlowDispersion(quiet),
    refused: 1 / learnDispersion(tablesOf('refused')),
    invalid: 1 / learnDispersion(tablesOf('invalid')),
  };
}

/** The largest dispersion over the watched quantiles, with the same limit for both versions since they are alike. */
function learnSlowDispersion(quiet: readonly Observation[]): number {
  const latencyOf = new Map<string, LatencyCounts>();
  for (const { hostId, stable } of quiet) {
    const sum = latencyOf.get(hostId);
    latencyOf.set(hostId, (sum && addLatency(sum, stable.latency)) ?? stable.latency);
  }
  const thresholdsOf = new Map(
    [...latencyOf].map(([hostId, latency]) => [hostId, fixSlowThresholds(latency, 0) ?? []]),
  );
  const dispersions = SLOW_QUANTILES.map((_, index) => {
    const tables = quiet.flatMap(({ hostId, candidate, stable }) => {
      const threshold = thresholdsOf.get(hostId)?.[index];
      return threshold === undefined ? [] : [countSlow(threshold, candidate, stable)];
    });
    return learnDispersion(tables);
  });
  return Math.max(...dispersions);
}
