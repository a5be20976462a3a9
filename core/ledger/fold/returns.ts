import type { RolloutOutcome } from '../state.ts';

/** The promotions of one environment that a rollback without a version could return to. */
export type Returns = {
  /** Takes in the next outcome of the environment's history. */
  readonly add: (outcome: RolloutOutcome) => void;
  /** The last promotion of a version that is neither `champion` nor was ever taken back here. */
  readonly find: (champion: string) => RolloutOutcome | undefined;
  /** Whether that version was ever promoted here. */
  readonly hasServed: (version: string) => boolean;
};

/** What an environment's history leaves to return to. However long it is, each outcome costs a bounded number of looks. */
export function startReturns(history: readonly RolloutOutcome[]): Returns {
  const takenBack = new Set<string>();
  const served = new Set<string>();
  const promoted: RolloutOutcome[] = [];
  const push = (outcome: RolloutOutcome): void => {
    if (promoted.at(-1)?.version === outcome.version) promoted.pop();
    promoted.push(outcome);
  };
  const add = (outcome: RolloutOutcome): void => {
    if (outcome.outcome === 'promoted') {
      served.add(outcome.version);
      push(outcome);
    } else takenBack.add(outcome.version);
  };
  for (const outcome of history) add(outcome);
  return {
    add,
    hasServed: (version) => served.has(version),
    find: (champion) => {
      let own: RolloutOutcome | undefined;
      for (let last = promoted.at(-1); last !== undefined; last = promoted.at(-1)) {
        const isLost = takenBack.has(last.version);
        if (!isLost && last.version !== champion) break;
        promoted.pop();
        if (!isLost) own ??= last;
      }
      const found = promoted.at(-1);
      // The champion's own promotion counts again as soon as another version serves.
      if (own !== undefined) push(own);
      return found;
    },
  };
}
