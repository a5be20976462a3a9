import { setTimeout as sleep } from 'node:timers/promises';
import { followAgent, type WatchedAgent } from '../../adapters/network/follow-agent.ts';
import { ServiceError } from '../../core/errors.ts';
import type { HostSight } from '../../core/serving/fleet/view-fleet.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** A host that is watched, and the environment it belongs to where the configuration says so. */
export type WatchedHost = WatchedAgent & { readonly environment: string | undefined };

/** What is known of hosts now, in their order. */
type Watch = { readonly sights: () => readonly HostSight[] };

/** Watches hosts until the signal, each by itself, and again where it was lost; `onChange` hears that there is something new. */
export function watchHosts(hosts: readonly WatchedHost[], onChange: () => void, signal: AbortSignal): Watch {
  const sights = hosts.map(({ url, environment }): HostSight => {
    return { url, environment, last: undefined, lost: undefined };
  });
  for (const [index, host] of hosts.entries()) {
    const { url, environment } = host;
    const tell = (change: Pick<HostSight, 'last' | 'lost'>) => {
      sights[index] = { url, environment, ...change };
      onChange();
    };
    void watchHost(host, tell, signal);
  }
  return { sights: () => sights };
}

async function watchHost(
  host: WatchedHost,
  tell: (change: Pick<HostSight, 'last' | 'lost'>) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: HostSight['last'];
  let heardMs: number | undefined;
  let lost: HostSight['lost'];
  for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
    const listener = {
      onSign: () => {
        heardMs = Date.now();
      },
      onEvent: (event: NonNullable<HostSight['last']>['event']) => {
        retryMs = FIRST_RETRY_MS;
        last = { event, atMs: Date.now() };
        lost = undefined;
        tell({ last, lost });
      },
    };
    try {
      // After an hour it ends by itself, which is nothing to tell.
      await followAgent(host, listener, signal);
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      lost = { why: thrown.problem.message, sinceMs: lost?.sinceMs ?? heardMs ?? Date.now() };
      tell({ last, lost });
    }
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
  }
}
