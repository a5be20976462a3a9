import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { checkEvent } from './check-event.ts';
import type { LedgerEvent } from './event.ts';
import { continueFold } from './fold.ts';
import type { LedgerState } from './state.ts';

/** The state after an append, and the events that were new to the ledger. */
export type Admitted = { readonly state: LedgerState; readonly written: readonly LedgerEvent[] };

/**
 * Of the proposed events those the ledger does not have yet, each checked against the state the ones before it lead to; `recorded` is
 * what it has led to so far. One that may not follow refuses them all.
 */
export function admitEvents(
  recorded: LedgerState,
  proposed: readonly LedgerEvent[],
): Result<Admitted, Problem> {
  const { model, ids, origin } = recorded;
  const isOther = proposed.find((event) => event.model !== model);
  if (isOther !== undefined) throw new TypeError(`An event of ${isOther.model} was proposed for ${model}.`);
  if (proposed.every(({ id }) => ids.has(id))) return ok({ state: recorded, written: [] });
  const written: LedgerEvent[] = [];
  const fold = continueFold(recorded);
  for (const event of proposed) {
    const state = { ...fold.state(), origin };
    const problem = state.ids.has(event.id) ? undefined : checkEvent(state, event);
    if (problem !== undefined) return err(problem);
    if (fold.add(event)) written.push(event);
  }
  return ok({ state: fold.state(), written });
}
