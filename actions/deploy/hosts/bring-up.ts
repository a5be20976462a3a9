import { isUnreachable } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import type { HostsFound } from '../../../core/rollout/quorum.ts';
import type { Started } from '../../serving/start-on-host.ts';
import type { Startable } from '../../serving/startable.ts';
import type { Fleet } from './fleet.ts';
import type { Starter } from './starter.ts';
import type { Participants } from './traffic.ts';

/** How far a host has come with the candidate; a host that is not known has yet to begin. */
type Progress =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ended'; readonly started: Started }
  | { readonly kind: 'thrown'; readonly thrown: unknown };

/** The candidate on the hosts of a rollout. */
export type BringUp = Participants & {
  /**
   * Starts the candidate, dark, wherever it is not up. The first time it waits for every host that can be reached; later a host that
   * is back catches up while the others go on. Gives the first failure to start.
   */
  readonly step: () => Promise<Started>;
  /** Whether a host in reach has yet to get ready. */
  readonly isStarting: () => boolean;
  /** Which hosts take part: those in reach on which the candidate is ready. */
  readonly found: () => HostsFound;
};

/** Brings a candidate up on every host in reach, and on each that comes back. */
export function createBringUp(fleet: Fleet, starter: Pick<Starter, 'start'>, candidate: Startable): BringUp {
  const progress = new Map<string, Progress>();
  let isFirst = true;
  const isAway = (url: string) => fleet.away().some((host) => host.url === url);
  const isReady = (url: string) => {
    const known = progress.get(url);
    return !isAway(url) && known?.kind === 'ended' && known.started.ok;
  };
  const start = async (agent: AgentPort): Promise<void> => {
    try {
      progress.set(agent.url, { kind: 'ended', started: await starter.start(agent, candidate) });
    } catch (thrown) {
      if (isUnreachable(thrown)) progress.delete(agent.url);
      else progress.set(agent.url, { kind: 'thrown', thrown });
    }
  };
  const step = async (): Promise<Started> => {
    const begun: Promise<void>[] = [];
    // What a host ran before it was out of reach may have ended since.
    for (const url of fleet.readmit()) if (progress.get(url)?.kind !== 'starting') progress.delete(url);
    await fleet.onEveryHost(async (agent) => {
      if (progress.has(agent.url)) return;
      await agent.getInstance(candidate.model, candidate.version);
      progress.set(agent.url, { kind: 'starting' });
      begun.push(start(agent));
    });
    if (isFirst) await Promise.all(begun);
    isFirst = false;
    return firstFailure([...progress.values()]);
  };
  return {
    step,
    isReady,
    isStarting: () => fleet.urls.some((url) => !isAway(url) && !isReady(url)),
    startAgain: (url) => void progress.delete(url),
    found: () => ({
      total: fleet.urls.length,
      away: fleet.urls.filter((url) => !isReady(url)),
      mayBeAway: fleet.mayBeAway,
    }),
  };
}

function firstFailure(progress: readonly Progress[]): Started {
  for (const known of progress) {
    if (known.kind === 'thrown') throw known.thrown;
    if (known.kind === 'ended' && !known.started.ok) return known.started;
  }
  return { ok: true };
}
