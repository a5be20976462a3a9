import type { StoredInstance } from '../store/stored-instance.ts';

/** Ends seen within so long of each other are one event, in ms. */
const ONE_EVENT_MS = 10_000;

/**
 * Whether a candidate has ended once, and the stable version with it: then the host was lost (it restarted, it ran out of memory),
 * which says nothing about the candidate. A second end of the candidate does, whatever else ended with it.
 */
export function fellTogether(
  candidate: Pick<StoredInstance, 'crashes'> | undefined,
  stable: Pick<StoredInstance, 'crashes'> | undefined,
): boolean {
  const [fall, ...others] = candidate?.crashes ?? [];
  if (fall === undefined || others.length > 0 || stable === undefined) return false;
  return stable.crashes.some((crash) => Math.abs(Date.parse(crash) - Date.parse(fall)) <= ONE_EVENT_MS);
}
