import type { Observation } from '../../../core/rollout/evidence/observation.ts';

/** An observation that has no number yet, and its rollout. */
type Unnumbered = {
  readonly rollout: string;
  readonly observation: Omit<Observation, 'seq' | 'hostId'>;
};

/** What was counted of a model since anything could be written. */
type Held = {
  /** The instant of the reading in the database that this goes on from; `undefined` where there was none. */
  readonly from: string | undefined;
  /** What the next look counts from, as it would be written. */
  readonly reading: unknown;
  readonly observations: readonly Unnumbered[];
};

/** What this process has counted and could not write, by model. */
export type HeldCounts = {
  readonly heldCounts: (model: string) => Held | undefined;
  /** `undefined` once it is written. */
  readonly holdCounts: (model: string, held: Held | undefined) => void;
};

/** An hour of them at a look every 5 s: the newest are kept, since each look folds them all. */
const MOST_HELD = 720;

/** Nothing is held at first. */
export function createHeldCounts(): HeldCounts {
  const models = new Map<string, Held>();
  return {
    heldCounts: (model) => models.get(model),
    holdCounts: (model, held) => {
      if (held === undefined) models.delete(model);
      else models.set(model, { ...held, observations: held.observations.slice(-MOST_HELD) });
    },
  };
}
