import type { LedgerEvent } from '../../core/ledger/event.ts';

/** The message of a commit that appends these events: what, by which cause, and whose. */
export function describeCommit(model: string, events: readonly LedgerEvent[]): string {
  const [first] = events;
  const kinds = events.map(({ kind }) => kind).join(', ');
  return `${model}: ${kinds}\n\nCause: ${first?.cause.kind} ${first?.cause.id}\nActor: ${first?.actor}\n`;
}
