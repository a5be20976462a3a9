import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { checkEvent } from './check-event.ts';
import type { LedgerEvent } from './event.ts';
import { startFold } from './fold.ts';
import type { LedgerState } from './state.ts';

/** The state after an append, and the events that were new to the ledger. */
export type Admitted = { readonly state: LedgerState; readonly written: readonly LedgerEvent[] };

/**
 * Of the proposed events those the ledger does not have yet, each checked against the state the ones before it lead to. One that may
 * not follow refuses them all.
 */
export function admitEvents(
  model: string,
  recorded: readonly LedgerEvent[],
  proposed: readonly LedgerEvent[],
): Result<Admitted, Problem> {
  const written: LedgerEvent[] = [];
  const fold = startFold(model);
  for (const event of recorded) fold.add(event);
  for (const event of proposed) {
    if (event.model !== model) throw new TypeError(`An event of ${event.model} was proposed for ${model}.`);
    const problem = fold.state().ids.has(event.id) ? undefined : checkEvent(fold.state(), event);
    if (problem !== undefined) return err(problem);
    if (fold.add(event)) written.push(event);
  }
  return ok({ state: fold.state(), written });
}
