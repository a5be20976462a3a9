import { admitEvents } from '../../../core/ledger/admit-events.ts';
import type { LedgerEvent, LedgerEventKind } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import type { Ledger } from '../../../core/ports.ts';
import { ok } from '../../../core/result.ts';

/** A ledger in memory, held to the same rules as the one in git. */
export type MemoryLedger = Ledger & {
  readonly events: LedgerEvent[];
  readonly kinds: () => readonly LedgerEventKind[];
  /** Runs before each append, after the proposal was asked once: a writer who is faster. */
  race: (() => void) | undefined;
  /** Runs after an append was written: a job that dies there. */
  afterAppend: ((written: readonly LedgerEvent[]) => void) | undefined;
};

/** A ledger that begins with these events. */
export function createMemoryLedger(recorded: readonly LedgerEvent[] = []): MemoryLedger {
  const ledger: MemoryLedger = {
    events: [...recorded],
    kinds: () => ledger.events.map(({ kind }) => kind),
    race: undefined,
    afterAppend: undefined,
    history: async () => [...ledger.events],
    read: async (model) => foldLedger(model, ledger.events),
    append: async (model, propose) => {
      const { race } = ledger;
      if (race !== undefined) {
        propose(foldLedger(model, ledger.events));
        ledger.race = undefined;
        race();
      }
      const state = foldLedger(model, ledger.events);
      const proposed = propose(state);
      if (!proposed.ok) return proposed;
      const admitted = admitEvents(state, proposed.value);
      if (!admitted.ok) return admitted;
      ledger.events.push(...admitted.value.written);
      if (admitted.value.written.length > 0) ledger.afterAppend?.(admitted.value.written);
      return ok(admitted.value);
    },
  };
  return ledger;
}
