import type { EnvironmentState, RolloutOutcome } from './state.ts';

/** The rollout whose promotion made the champion that; `undefined` where there is none, or it got there by a return. */
export function findPromotion({ champion, history }: EnvironmentState): RolloutOutcome | undefined {
  return history.findLast(
    ({ outcome, version, at }) =>
      outcome === 'promoted' && version === champion?.version && at === champion.at,
  );
}

/**
 * The rollout whose brakes stand against the champion: the one that made it that. `undefined` where there is none, or no version before
 * to return to.
 */
export function findHeeded(here: EnvironmentState): string | undefined {
  return here.previous && findPromotion(here)?.rollout;
}
