import { ServiceError, UNAVAILABLE, UNREACHABLE } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import type { HostsFound } from '../../../core/rollout/quorum.ts';
import type { Started } from '../../serving/start-on-host.ts';
import type { Startable } from '../../serving/startable.ts';
import { ensureServing } from './ensure-serving.ts';
import type { Fleet } from './fleet.ts';
import type { Starter } from './starter.ts';
import type { Participants } from './traffic.ts';

/** How far a host has come with the candidate; a host that is not known has yet to begin. */
type Progress =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ended'; readonly started: Started }
  | { readonly kind: 'thrown'; readonly thrown: unknown };

/** What a rollout is of: the candidate, and the version beside it where one serves. */
type Versions = { readonly candidate: Startable; readonly stable: Startable | undefined };

/** The versions of a rollout on its hosts. */
export type BringUp = Participants & {
  /**
   * Starts the candidate, dark, wherever it is not up, and before it the stable version where a host does not serve that. The first
   * time it waits for every host that can be reached; later a host that is back catches up while the others go on. Gives the first
   * failure of the candidate to start.
   */
  readonly step: () => Promise<Started>;
  /** Whether a host in reach has yet to get ready. */
  readonly isStarting: () => boolean;
  /** Which hosts take part: those in reach on which the candidate is ready, and that obeyed the last order if there was one. */
  readonly found: () => HostsFound;
};

/** Failures of the host, not refusals of what it was to start. */
const ILLNESSES: ReadonlySet<string> = new Set([
  UNREACHABLE,
  UNAVAILABLE,
  'disk-full',
  'agent-answer-unknown',
]);

/** Brings a rollout's versions up on every host in reach, and on each that comes back. */
export function createBringUp(
  fleet: Fleet,
  starter: Pick<Starter, 'start'>,
  { candidate, stable }: Versions,
): BringUp {
  const progress = new Map<string, Progress>();
  let obedient: ReadonlySet<string> | undefined;
  let isFirst = true;
  const isAway = (url: string) => fleet.away().some((host) => host.url === url);
  const isReady = (url: string) => {
    const known = progress.get(url);
    return !isAway(url) && known?.kind === 'ended' && known.started.ok;
  };
  const takesPart = (url: string) => isReady(url) && (obedient === undefined || obedient.has(url));
  const start = async (agent: AgentPort): Promise<void> => {
    const { url } = agent;
    const tried = await tryToStart(starter, agent, { candidate, stable });
    if (tried.kind !== 'ill') return void progress.set(url, tried);
    progress.delete(url);
    fleet.leaveOut(url, tried.thrown);
  };
  const step = async (): Promise<Started> => {
    const begun: Promise<void>[] = [];
    // What a host ran before it was away may have ended since.
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
    haveObeyed: (urls) => {
      obedient = new Set(urls);
    },
    found: () => ({
      total: fleet.urls.length,
      away: fleet.urls.filter((url) => !takesPart(url)),
      mayBeAway: fleet.mayBeAway,
    }),
  };
}

/** What came of starting a rollout's versions on one host: `ill` says that the host can't do it, whatever the candidate is. */
async function tryToStart(
  starter: Pick<Starter, 'start'>,
  agent: AgentPort,
  { candidate, stable }: Versions,
): Promise<Exclude<Progress, { kind: 'starting' }> | { readonly kind: 'ill'; readonly thrown: unknown }> {
  try {
    if (stable !== undefined) await ensureServing(starter, agent, stable);
  } catch (thrown) {
    // What the host lacks for the stable version is no harm that the candidate did.
    return { kind: 'ill', thrown };
  }
  try {
    return { kind: 'ended', started: await starter.start(agent, candidate) };
  } catch (thrown) {
    return { kind: isIll(thrown) ? 'ill' : 'thrown', thrown };
  }
}

function isIll(thrown: unknown): boolean {
  return thrown instanceof ServiceError && ILLNESSES.has(thrown.problem.code);
}

function firstFailure(progress: readonly Progress[]): Started {
  for (const known of progress) {
    if (known.kind === 'thrown') throw known.thrown;
    if (known.kind === 'ended' && !known.started.ok) return known.started;
  }
  return { ok: true };
}
