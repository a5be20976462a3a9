import type { Envelope } from './envelope.ts';
import type { LedgerEvent } from './event.ts';

/** The provenance that was signed last when this package was rolled out; `undefined` where none is on record. */
export function findEnvelope(events: readonly LedgerEvent[], packageName: string): Envelope | undefined {
  const signed = events.flatMap((event) =>
    (event.kind === 'rollout.started' || event.kind === 'rollout.promoted') &&
    event.data.package === packageName &&
    event.data.envelope !== undefined
      ? [event.data.envelope]
      : [],
  );
  return signed.at(-1);
}
