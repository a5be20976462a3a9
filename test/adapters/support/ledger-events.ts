import { createEvent, type EventContext } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';

/** Someone's comment of that id. */
export function contextOf(id: string, at = '2026-11-21T09:00:00.000Z', model = 'mnist'): EventContext {
  return {
    model,
    at,
    actor: 'ada',
    cause: { kind: 'comment', id },
    workflow: { repository: 'o/r', run: '1', attempt: 1, sha: 'abc' },
  };
}

/** A training somebody asked for. */
export function requested(id: string, at?: string): LedgerEvent {
  return createEvent(contextOf(id, at), 'training.requested', {
    operation: 'train',
    sha: 'abc',
    parameters: {},
  });
}
