import type { RecordedEvent } from '../lines/read-event.ts';

/**
 * What a ledger holds before its first signed line, where keys are known: how many events, and of which runs and rollouts they say
 * something that a rollout rests on. An honest ledger begins so where the key came later; so does one that somebody else began.
 */
export type UnsignedBeginning = {
  readonly events: number;
  readonly runs: ReadonlySet<string>;
  readonly rollouts: ReadonlySet<string>;
};

/** Goes on with a beginning, event by event. `beginning` is absent where there is none. */
export function continueBeginning(from: UnsignedBeginning | undefined): {
  readonly add: (event: RecordedEvent) => void;
  readonly beginning: () => UnsignedBeginning | undefined;
} {
  let events = from?.events ?? 0;
  const runs = new Set(from?.runs);
  const rollouts = new Set(from?.rollouts);
  return {
    add: (event) => {
      events += 1;
      if (
        event.kind === 'gate.judged' ||
        event.kind === 'version.registered' ||
        event.kind === 'package.built'
      ) {
        runs.add(event.data.runId);
      } else if (event.kind === 'rollout.started') rollouts.add(event.data.rollout);
    },
    beginning: () => (events === 0 ? undefined : { events, runs, rollouts }),
  };
}
