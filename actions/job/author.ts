import type { EventContext } from '../../core/ledger/create-event.ts';
import type { Plan } from './handoff.ts';
import type { Host } from './host.ts';

/** Who writes to the ledger, on whose behalf and from which workflow run: what all events of one job share. */
export type Author = Omit<EventContext, 'at'>;

/** The author of the events that carry out a plan. */
export function authorOf({ model, actor, cause }: Plan, { workflow }: Host): Author {
  return { model, actor, cause, workflow };
}
