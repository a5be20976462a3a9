import { addSeconds } from '../../instant.ts';
import { decideRollout, type RolloutDecision } from '../../rollout/decide-rollout.ts';
import { HARMS } from '../../rollout/evidence/bets.ts';
import type { Evidence } from '../../rollout/evidence/evidence.ts';
import { EMPTY_STAGE } from '../../rollout/evidence/stage-totals.ts';
import { planStages } from '../../rollout/plan-stages.ts';
import { baseRateOf, requestsSeen } from '../../rollout/stage-requirement.ts';
import type { RolloutLease } from '../api.ts';
import { LEASES_TO_RETURN } from '../decide-traffic.ts';
import type { EvidenceCurve } from './evidence-curve.ts';
import type { RolloutOutlook } from './outlook.ts';

/** What a host has seen of a rollout, and by which lease. */
type SeenRollout = {
  readonly lease: RolloutLease;
  /** When the lease was last renewed. */
  readonly setAt: string;
  readonly evidence: Evidence;
  readonly curve: EvidenceCurve;
  readonly failuresToAlarm: number | undefined;
  /** Requests of both versions in s, lately. */
  readonly requestsPerSecond: number;
  readonly now: string;
};

/** A rollout as this host sees it alone: by the functions that its brake and `deploy` decide by. */
export function describeRollout(seen: SeenRollout): RolloutOutlook {
  const { lease, setAt, evidence, curve, failuresToAlarm, requestsPerSecond, now } = seen;
  const { plan, leaseSeconds } = lease;
  const { levels, peak, bets } = evidence;
  const harms = HARMS.filter((harm) => bets[harm] !== undefined).map((harm) => [harm, levels[harm]]);
  return {
    rollout: lease.rollout,
    startedAt: lease.rolloutStartedAt,
    stageStartedAt: lease.stageStartedAt,
    stage: lease.stage,
    control: lease.control,
    leaseEndsAt: addSeconds(setAt, leaseSeconds),
    returnsAt: addSeconds(setAt, LEASES_TO_RETURN * leaseSeconds),
    deadlineAt: addSeconds(lease.rolloutStartedAt, plan.deadlineSeconds),
    decision: tellDecision(decideRollout({ ...lease, evidence, now })),
    requestsPerSecond,
    stages: describeStages(evidence, requestsPerSecond),
    evidence: {
      limit: -Math.log(plan.alarmAlpha),
      total: levels.total,
      peak: peak.total,
      ...(peak.at !== undefined && { peakAt: peak.at }),
      polls: evidence.stages.reduce((sum, { polls }) => sum + polls, 0),
      harms: Object.fromEntries(harms),
      ...(failuresToAlarm !== undefined && { failuresToAlarm }),
      curve: [...curve],
    },
  };
}

function describeStages(evidence: Evidence, requestsPerSecond: number): RolloutOutlook['stages'] {
  const { plan } = evidence;
  const { stages } = planStages({ plan, requestsPerSecond, baseErrorRate: baseRateOf(evidence) });
  return stages.map(({ percent, requests, seconds }, index) => {
    const { candidate, shadow, stable, polls } = evidence.stages[index] ?? EMPTY_STAGE;
    return {
      percent,
      needs: requests,
      seen: requestsSeen(evidence, index),
      ...(Number.isFinite(seconds) && { seconds }),
      polls,
      candidate,
      shadow,
      stable,
    };
  });
}

function tellDecision(decision: RolloutDecision): RolloutOutlook['decision'] {
  const { kind, explanation } = decision;
  return {
    kind,
    explanation,
    ...('code' in decision && { code: decision.code }),
    ...('missing' in decision && { missing: decision.missing }),
  };
}
