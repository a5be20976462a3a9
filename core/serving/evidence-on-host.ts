import { NO_BASELINE } from '../rollout/evidence/baseline.ts';
import { type Evidence, startEvidence } from '../rollout/evidence/evidence.ts';
import type { RolloutLease } from './api.ts';

/** The evidence of a rollout on one host before any poll: what past rollouts and the other hosts teach is in its lease. */
export function startEvidenceOnHost(lease: RolloutLease): Evidence {
  const { plan, tempering } = lease;
  return tellOfStable(startEvidence(plan, { ...NO_BASELINE, ofAllHosts: 'untold', eta: tempering }), lease);
}

/** The same evidence under a lease that was renewed since: it may tell more of the stable version. */
export function tellOfStable(evidence: Evidence, { stablePast }: Pick<RolloutLease, 'stablePast'>): Evidence {
  return stablePast === undefined
    ? evidence
    : { ...evidence, baseline: { ...evidence.baseline, ...stablePast, ofAllHosts: 'told' } };
}

/** A lease with all that this host was ever told of the stable version in its rollout: not every job that renews one knows that. */
export function keepStablePast(lease: RolloutLease, before: RolloutLease | undefined): RolloutLease {
  if (before?.rollout !== lease.rollout || before.stablePast === undefined) return lease;
  const isMore = lease.stablePast === undefined || before.stablePast.requests > lease.stablePast.requests;
  return isMore ? { ...lease, stablePast: before.stablePast } : lease;
}
