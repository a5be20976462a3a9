import type { Cause } from './cause.ts';
import {
  type LedgerEvent,
  type LedgerEventData,
  type LedgerEventKind,
  ledgerEventSchema,
  type Workflow,
} from './event.ts';
import { eventId } from './event-id.ts';

/** Who writes an event, when, why and from where: the same for all events of one job. */
export type EventContext = {
  readonly model: string;
  readonly at: string;
  readonly actor: string;
  readonly cause: Cause;
  readonly workflow: Workflow;
};

/** An event of one kind. `parts` tell apart events of the same kind and cause; data that breaks the schema throws. */
export function createEvent<K extends LedgerEventKind>(
  context: EventContext,
  kind: K,
  data: LedgerEventData<K>,
  ...parts: readonly (string | number)[]
): LedgerEvent {
  const { model, at, actor, cause, workflow } = context;
  const id = eventId(cause, kind, ...parts);
  return ledgerEventSchema.parse({ v: 1, id, at, model, actor, cause, workflow, kind, data });
}
