import { UserError } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { Ledger, Proposal } from '../../core/ports.ts';

/** Appends what `propose` gives, and rejects with a UserError where it refuses. */
export async function appendOrThrow(
  ledger: Ledger,
  model: string,
  propose: Proposal,
): Promise<{ readonly state: LedgerState; readonly written: readonly LedgerEvent[] }> {
  const appended = await ledger.append(model, propose);
  if (appended.ok) return appended.value;
  throw new UserError([appended.error]);
}
