import type { LedgerEvent } from '../../core/ledger/event.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import { knownEvents } from '../../core/ledger/lines/read-event.ts';
import { parseLedger } from '../../core/ledger/parse-ledger.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { GitRemote } from './git-remote.ts';

/** Every event of a known kind of a model on the ledger branch, oldest first; none before the first write. */
export function readLedger(remote: GitRemote, model: string): readonly LedgerEvent[] {
  const head = remote.resolve(LEDGER_BRANCH);
  if (head === undefined) return [];
  const files = remote
    .list(head, `events/${model}`)
    .map((path) => ({ path, text: remote.show(head, path) ?? '' }));
  const events = parseLedger(files);
  if (!events.ok) throw new Error(events.error.map(({ message }) => message).join('\n'));
  return knownEvents(events.value);
}

/** What the ledger says of a model now. */
export function readLedgerState(remote: GitRemote, model: string): LedgerState {
  return foldLedger(model, readLedger(remote, model));
}
