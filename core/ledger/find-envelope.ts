import type { Envelope } from './envelope.ts';
import type { LedgerEvent } from './event.ts';

/** A package, and the environment that it is rolled out to. */
export type Destination = { readonly package: string; readonly environment: string };

/**
 * The provenance that was signed last when this package was rolled out to this environment; `undefined` where none is on record. Hosts
 * refuse what was signed for another one.
 */
export function findEnvelope(
  events: readonly LedgerEvent[],
  { package: packageName, environment }: Destination,
): Envelope | undefined {
  const signed = events.flatMap((event) =>
    (event.kind === 'rollout.started' || event.kind === 'rollout.promoted') &&
    event.data.package === packageName &&
    event.data.environment === environment &&
    event.data.envelope !== undefined
      ? [event.data.envelope]
      : [],
  );
  return signed.at(-1);
}
