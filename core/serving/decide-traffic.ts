import { secondsBetween } from '../instant.ts';
import { decideRollout, type RolloutDecision } from '../rollout/decide-rollout.ts';
import type { Evidence } from '../rollout/evidence/evidence.ts';
import type { Instance, Traffic } from './api.ts';

/** A host returns to the stable version after so many silent leases. */
export const LEASES_TO_RETURN = 2;

/** What a host knows of one model's traffic when it looks whether to brake. Instants are ISO 8601. */
export type TrafficSituation = {
  readonly traffic: Traffic;
  /** When `deploy` last set it: what the lease counts from. */
  readonly setAt: string;
  /** Evidence of this host's own observations of the rollout. */
  readonly evidence: Evidence | undefined;
  readonly candidate: Instance | undefined;
  readonly stable: Instance | undefined;
  /** The candidate is being started again because the host lost the stable version with it. */
  readonly fellTogether: boolean;
  readonly now: string;
};

type BrakeCode =
  | 'lease-expired'
  | 'candidate-failed'
  | 'errors-worse'
  | 'slower'
  | 'refused-worse'
  | 'invalid-worse'
  | 'objective-broken';

/**
 * `brake`: all traffic back to the stable version, now. `hold`: `deploy` has been silent for a lease; nothing moves, and it has
 * as long again to come back, longer where the stable version is not ready to answer: silence is no harm, and no answer would be.
 * `report`: the stage has what it needs and no job waits for it; say so to the repository. Never
 * more traffic.
 */
type TrafficDecision =
  | { readonly kind: 'keep' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'report'; readonly decision: RolloutDecision }
  | { readonly kind: 'brake'; readonly code: BrakeCode; readonly explanation: string };

/** Decides what a host does on its own with a rollout: it may take traffic from the candidate, and never gives it any. */
export function decideTraffic(situation: TrafficSituation): TrafficDecision {
  const { traffic, candidate } = situation;
  const exposed = traffic.candidatePercent > 0 || traffic.shadow;
  if (traffic.candidate === undefined || traffic.stable === undefined || traffic.brake !== undefined) {
    return { kind: 'keep' };
  }
  const isComingBack = situation.fellTogether && candidate?.state === 'starting';
  if (exposed && candidate?.state !== 'ready' && !isComingBack) {
    const state = candidate === undefined ? 'gone' : candidate.state;
    const why = candidate?.message === undefined ? '' : ` ${candidate.message}`;
    return {
      kind: 'brake',
      code: 'candidate-failed',
      explanation: `Version ${traffic.candidate} is ${state} on this host, so version ${traffic.stable} answers everything.${why}`,
    };
  }
  return decideLease(situation);
}

function decideLease(situation: TrafficSituation): TrafficDecision {
  const { traffic, stable, evidence, setAt, now } = situation;
  const { lease } = traffic;
  if (lease === undefined) return { kind: 'keep' };
  const decision = evidence && decideRollout({ ...lease, evidence, now });
  if (decision?.kind === 'rollback' && decision.code !== 'deadline-passed') {
    return { kind: 'brake', code: decision.code, explanation: decision.explanation };
  }
  const silentSeconds = secondsBetween(setAt, now);
  if (silentSeconds >= LEASES_TO_RETURN * lease.leaseSeconds && stable?.state === 'ready') {
    return {
      kind: 'brake',
      code: 'lease-expired',
      explanation: `Nothing was heard of rollout ${lease.rollout} for ${Math.round(silentSeconds)} s, ${LEASES_TO_RETURN} times its lease of ${lease.leaseSeconds} s, so version ${traffic.stable} answers everything.`,
    };
  }
  const isDone = decision?.kind === 'advance' || decision?.kind === 'promote';
  // Where no job waits, silence is no sign that anything is wrong.
  if (isDone && lease.detached === true) return { kind: 'report', decision };
  return silentSeconds >= lease.leaseSeconds ? { kind: 'hold' } : { kind: 'keep' };
}
