import { addLatency, type LatencyCounts } from '../../statistics/latency-buckets.ts';
import type { RolloutRecord } from '../record/record.ts';
import { type Baseline, learnTempering } from './baseline.ts';
import { gatherEvidence } from './evidence.ts';
import type { Observation } from './observation.ts';

/** A past rollout whose evidence ever exceeded this was not quiet: its versions may have differed. */
const LOG_QUIET = Math.log(10);

/**
 * What past rollouts of a model teach about the next: how much more than by chance its counts vary, from the polls of rollouts
 * that were promoted and quiet throughout. `recent` are the stable version's latest polls: its error rate and latency now.
 */
export function learnBaseline(
  records: readonly RolloutRecord[],
  recent: readonly Observation[] = [],
): Baseline {
  return {
    eta: learnTempering(
      records.filter(isQuiet).flatMap(({ observations }) => observations.filter(isCompared)),
    ),
    requests: recent.reduce((sum, { stable }) => sum + stable.requests, 0),
    errors: recent.reduce((sum, { stable }) => sum + stable.errors, 0),
    invalid: recent.reduce((sum, { stable }) => sum + stable.invalid, 0),
    latency: sumLatency(recent),
  };
}

function isQuiet({ events, plan, observations }: RolloutRecord): boolean {
  if (!events.some(({ kind }) => kind === 'rollout.promoted')) return false;
  return gatherEvidence(plan, observations).peak.total < LOG_QUIET;
}

function isCompared({ candidate, stable, weights }: Observation): boolean {
  return weights.candidate > 0 && candidate.requests > 0 && stable.requests > 0;
}

/** Per host; polls with other buckets than the host's last one are left out. */
function sumLatency(recent: readonly Observation[]): Readonly<Record<string, LatencyCounts>> {
  const byHost = new Map<string, LatencyCounts>();
  for (const { hostId, stable } of recent) {
    const sum = byHost.get(hostId);
    byHost.set(hostId, (sum && addLatency(sum, stable.latency)) ?? stable.latency);
  }
  return Object.fromEntries(byHost);
}
