import type { EnvironmentState, RolloutOutcome } from './state.ts';

/** The rollout whose promotion made the champion that; `undefined` where there is none, or it got there by a return. */
export function findPromotion({ champion, history }: EnvironmentState): RolloutOutcome | undefined {
  return history.findLast(
    ({ outcome, version, at }) =>
      outcome === 'promoted' && version === champion?.version && at === champion.at,
  );
}
