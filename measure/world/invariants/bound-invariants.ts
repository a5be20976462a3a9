import type { Invariant } from './invariant.ts';

/** What may not grow or last beyond a bound. */
export type Bounds = {
  readonly url: string;
  readonly outbox: number;
  /** Those beyond the most that may be. */
  readonly observations: number;
  readonly packages: number;
};

/** An open rollout, how long it has been open less the time that people held it or that nobody could act, and its bound in s. */
type Openness = { readonly rollout: string; readonly seconds: number; readonly bound: number };

/** Reports that wait, in a life as short as the world's. */
const MOST_REPORTS = 100;
/** Observations that a life of the world can make at one each tick. */
export const MOST_OBSERVATIONS = 500;
/** Two files of each version that was ever there. */
const MOST_PACKAGES = 24;

/** What each host's store has to keep. */
export const STORE_INVARIANTS: readonly Invariant<Bounds>[] = [
  {
    name: 'stores-are-bounded',
    text: 'Every store of a host stays below its bound: outbox, observations, packages.',
    breach: ({ url, outbox, observations, packages }) =>
      outbox > MOST_REPORTS || observations > 0 || packages > MOST_PACKAGES
        ? `${url} holds ${outbox} reports, ${observations} observations too many, ${packages} files`
        : undefined,
  },
];

/** What each open rollout has to keep. */
export const DEADLINE_INVARIANTS: readonly Invariant<Openness>[] = [
  {
    name: 'rollouts-end',
    text: 'Every rollout ends by its deadline, with a quarter for the hold and the time to take it up again.',
    breach: ({ rollout, seconds, bound }) =>
      seconds > bound ? `${rollout} has been open for ${Math.round(seconds)} s` : undefined,
  },
];
