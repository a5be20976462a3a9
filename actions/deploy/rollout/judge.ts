import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { type LedgerState, type Rollout, secondsHeld } from '../../../core/ledger/state.ts';
import { decideRollout, type RolloutDecision } from '../../../core/rollout/decide-rollout.ts';
import type { Baseline } from '../../../core/rollout/evidence/baseline.ts';
import {
  addObservation,
  type Evidence,
  sortObservations,
  startEvidence,
} from '../../../core/rollout/evidence/evidence.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { HostsFound } from '../../../core/rollout/quorum.ts';
import type { TracePoint } from '../../../core/rollout/record/trace.ts';
import { renderRollout } from '../../../core/rollout/render-rollout.ts';
import type { Deployment } from '../deploy-context.ts';
import { collectObservations } from '../hosts/collect-observations.ts';
import { recallBaseline } from './memory.ts';

/** What was decided, the report of it, and what it was decided on. */
export type Judged = {
  readonly decision: RolloutDecision;
  readonly report: string;
  readonly seen: { readonly baseline: Baseline; readonly observations: readonly Observation[] };
};

/** Judges a rollout on what its hosts have seen. The evidence grows by what is new; it is not counted again each round. */
export function createJudge(deployment: Deployment, rolloutId: string) {
  const { request, ports } = deployment;
  const fresh = collectObservations(deployment, rolloutId);
  let evidence: Evidence | undefined;
  let baseline: Baseline | undefined;
  const points: TracePoint[] = [];
  const observations: Observation[] = [];
  return async (rollout: Rollout, state: LedgerState, hosts: () => HostsFound): Promise<Judged> => {
    const plan = planOf(rollout, request.environment);
    baseline ??= await recallBaseline(deployment, state);
    let grown = evidence ?? startEvidence(plan, baseline);
    for (const observation of sortObservations(await fresh())) {
      grown = addObservation(grown, observation);
      observations.push(observation);
      points.push({ at: observation.at, stage: observation.stage, levels: grown.levels });
    }
    evidence = grown;
    const now = ports.clock.now();
    const decision = decideRollout({
      plan,
      evidence: grown,
      stage: rollout.stage,
      stageStartedAt: rollout.stageStartedAt,
      rolloutStartedAt: rollout.startedAt,
      now,
      // Asked for only now: the polls have shown which hosts are away.
      hosts: hosts(),
      control: rollout.held?.code === 'held' ? 'held' : 'running',
      heldSeconds: secondsHeld(rollout, now),
    });
    const report = renderRollout({ decision, evidence: grown, points });
    return { decision, report, seen: { baseline, observations } };
  };
}
