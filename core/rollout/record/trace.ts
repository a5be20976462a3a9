import type { Baseline } from '../evidence/baseline.ts';
import {
  addObservation,
  type Evidence,
  type EvidenceLevels,
  sortObservations,
  startEvidence,
} from '../evidence/evidence.ts';
import type { Observation } from '../evidence/observation.ts';
import type { RolloutPlan } from '../rollout-plan.ts';

/** The evidence right after one poll. */
export type TracePoint = { readonly at: string; readonly stage: number; readonly levels: EvidenceLevels };

/** How the evidence of a rollout grew, poll by poll, and where it ended. */
export function traceRollout(
  plan: RolloutPlan,
  observations: readonly Observation[],
  baseline?: Baseline,
): { readonly points: readonly TracePoint[]; readonly evidence: Evidence } {
  let evidence = startEvidence(plan, baseline);
  const points = sortObservations(observations).map((observation) => {
    evidence = addObservation(evidence, observation);
    return { at: observation.at, stage: observation.stage, levels: evidence.levels };
  });
  return { points, evidence };
}
