import { isBefore, secondsBetween } from '../instant.ts';
import type { Instance } from './api.ts';

/** A version on this host, and the instants at which its server was seen to have ended. */
type Falls = Pick<Instance, 'state' | 'since'> & { readonly crashes: readonly string[] };

/** One event takes both within so long of each other, in s: a look that waits for one of them may see the other first. */
const ONE_EVENT_SECONDS = 10;

/**
 * Whether a candidate has ended once, and the stable version with it: then the host was lost (it restarted, it ran out of memory),
 * which says nothing about the candidate. A second end of the candidate does, whatever else ended with it; and so does an end while the
 * stable version was answering again.
 */
export function fellTogether(candidate: Falls | undefined, stable: Falls | undefined): boolean {
  const [fall, ...others] = candidate?.crashes ?? [];
  if (fall === undefined || others.length > 0 || stable === undefined) return false;
  const wasBack = stable.state === 'ready' && isBefore(stable.since, fall);
  return (
    !wasBack && stable.crashes.some((crash) => Math.abs(secondsBetween(fall, crash)) <= ONE_EVENT_SECONDS)
  );
}
