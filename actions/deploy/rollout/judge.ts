import type { Environment } from '../../../core/config/config.ts';
import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { type Rollout, secondsHeld } from '../../../core/ledger/state.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Block } from '../../../core/report/report.ts';
import { decideRollout } from '../../../core/rollout/decide-rollout.ts';
import type { Baseline } from '../../../core/rollout/evidence/baseline.ts';
import {
  addObservation,
  type Evidence,
  sortObservations,
  startEvidence,
} from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { type StablePast, stablePastOf } from '../../../core/rollout/evidence/stable-past.ts';
import type { Obstacle } from '../../../core/rollout/find-obstacle.ts';
import type { HostsFound } from '../../../core/rollout/quorum.ts';
import type { TracePoint } from '../../../core/rollout/record/trace.ts';
import { reportEvidence, reportRollout } from '../../../core/rollout/report-rollout.ts';
import { type RestrainedDecision, restrainDecision } from '../../../core/rollout/restrain-decision.ts';
import type { Seen } from './memory.ts';

/** What was decided, the report of it, the part of that which stands whoever decides, and what it was decided on. */
export type JudgedRollout = {
  readonly decision: RestrainedDecision;
  readonly report: readonly Block[];
  readonly evidence: readonly Block[];
  readonly seen: Seen;
};

/** What stands beside the evidence. Which hosts take part is asked last: the polls show which are away. */
type Circumstances = { readonly hosts: () => HostsFound; readonly obstacle: Obstacle | undefined };

type Judge = {
  /** Judges a rollout as it is at one reading. */
  readonly judge: (rollout: Rollout, circumstances: Circumstances) => Promise<JudgedRollout>;
  /** All that is known of the stable version by what was judged so far. */
  readonly stablePast: () => StablePast;
};

type JudgePorts = {
  /** What past rollouts teach about this one. */
  readonly baseline: Baseline;
  /** What the hosts have seen of the rollout since it was last asked. */
  readonly observe: () => Promise<readonly Observation[]>;
  readonly clock: Clock;
};

/**
 * A judge of one rollout, by what was seen and by what the ledger says against it. The evidence grows by what is new; it is not counted
 * again each round.
 */
export function createJudge({ baseline, observe, clock }: JudgePorts, settings: Environment): Judge {
  let evidence: Evidence | undefined;
  const points: TracePoint[] = [];
  const observations: Observation[] = [];
  const judge: Judge['judge'] = async (rollout, { hosts, obstacle }) => {
    const plan = planOf(rollout, settings, 'deploy');
    let grown = evidence ?? startEvidence(plan, baseline);
    for (const observation of sortObservations(await observe())) {
      grown = addObservation(grown, observation);
      observations.push(observation);
      points.push({ at: observation.at, stage: observation.stage, levels: grown.levels });
    }
    evidence = grown;
    const now = clock.now();
    const decided = decideRollout({
      plan,
      evidence: grown,
      stage: rollout.stage,
      stageStartedAt: rollout.stageStartedAt,
      rolloutStartedAt: rollout.startedAt,
      now,
      hosts: hosts(),
      control: rollout.held?.code === 'held' ? 'held' : 'running',
      heldSeconds: secondsHeld(rollout, now),
    });
    const decision = restrainDecision(decided, { rollout, obstacle, plan, now });
    const told = { decision, evidence: grown, points };
    return {
      decision,
      report: reportRollout(told),
      evidence: reportEvidence(told),
      seen: { baseline, observations },
    };
  };
  return { judge, stablePast: () => stablePastOf(evidence ?? { stages: [], baseline }) };
}
