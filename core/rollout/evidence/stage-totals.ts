import type { ArmTotals, Observation } from './observation.ts';

/**
 * What a stage has seen so far over all hosts. `shadow` are the copies of requests that the candidate was sent;
 * `routed` counts requests since the share was last changed to `percent`.
 */
export type StageTotals = {
  readonly candidate: ArmTotals;
  readonly shadow: ArmTotals;
  readonly stable: ArmTotals;
  readonly polls: number;
  readonly routed: { readonly percent: number; readonly candidate: number; readonly stable: number };
};

/** A version without any request. */
export const NO_TOTALS: ArmTotals = { requests: 0, errors: 0, unanswered: 0, refused: 0, invalid: 0 };

/** A stage without any poll. */
export const EMPTY_STAGE: StageTotals = {
  candidate: NO_TOTALS,
  shadow: NO_TOTALS,
  stable: NO_TOTALS,
  polls: 0,
  routed: { percent: 0, candidate: 0, stable: 0 },
};

/** The totals of all stages after one more poll. */
export function addToStage(stages: readonly StageTotals[], observation: Observation): readonly StageTotals[] {
  const length = Math.max(stages.length, observation.stage + 1);
  return Array.from({ length }, (_, index) => {
    const totals = stages[index] ?? EMPTY_STAGE;
    return index === observation.stage ? addPoll(totals, observation) : totals;
  });
}

/** All stages together, for one version. */
export function sumStages(stages: readonly StageTotals[], arm: 'candidate' | 'shadow' | 'stable'): ArmTotals {
  return stages.reduce((sum, stage) => addTotals(sum, stage[arm]), NO_TOTALS);
}

function addPoll(totals: StageTotals, { candidate, copies, stable, weights }: Observation): StageTotals {
  const { routed } = totals;
  const isSameShare = routed.percent === weights.candidate;
  return {
    candidate: addTotals(totals.candidate, candidate),
    shadow: copies === undefined ? totals.shadow : addTotals(totals.shadow, copies.ended),
    stable: addTotals(totals.stable, stable),
    polls: totals.polls + 1,
    routed: {
      percent: weights.candidate,
      candidate: (isSameShare ? routed.candidate : 0) + candidate.requests,
      stable: (isSameShare ? routed.stable : 0) + stable.requests,
    },
  };
}

/** The sum of what a version did in two stretches of time. */
export function addTotals(left: ArmTotals, right: ArmTotals): ArmTotals {
  return {
    requests: left.requests + right.requests,
    errors: left.errors + right.errors,
    unanswered: left.unanswered + right.unanswered,
    refused: left.refused + right.refused,
    invalid: left.invalid + right.invalid,
  };
}
