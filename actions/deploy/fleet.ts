import { isUnreachable, messageOf, ServiceError, UNREACHABLE } from '../../core/errors.ts';
import type { AgentPort, Clock, Log } from '../../core/ports.ts';
import { judgeQuorum } from '../../core/rollout/quorum.ts';

/** A host that could not be reached when it was last asked, and since when. */
export type AwayHost = { readonly url: string; readonly since: string; readonly why: string };

/** The serving hosts of an environment, some of which may be down or cut off. */
export type Fleet = {
  readonly urls: readonly string[];
  /** So many hosts may be out of reach while a candidate is rolled out. */
  readonly mayBeAway: number;
  /**
   * Does the same on every host at once. Every host is tried; then the first failure is thrown. A host that can't be reached is no
   * failure: it gives no result, and is only asked again once it answers.
   */
  readonly onEveryHost: <T>(work: (agent: AgentPort) => Promise<T>) => Promise<readonly T[]>;
  /** The hosts that were out of reach when they were last asked. */
  readonly away: () => readonly AwayHost[];
};

/** A fleet that remembers which hosts are away as long as the job lives. */
export function createFleet(options: {
  readonly agents: readonly AgentPort[];
  readonly mayBeAway: number;
  readonly clock: Clock;
  readonly log: Log;
}): Fleet {
  const { agents, mayBeAway, clock, log } = options;
  const away = new Map<string, AwayHost>();
  const missing = (url: string, thrown: unknown) => {
    if (away.has(url)) return;
    away.set(url, { url, since: clock.now(), why: messageOf(thrown) });
    log.warn(`${url} is out of reach, ${away.size} of ${agents.length} hosts now: ${messageOf(thrown)}`);
  };
  const back = ({ url }: AgentPort) => {
    if (away.delete(url)) log.info(`${url} is back.`);
  };
  const tryHost = async <T>(agent: AgentPort, work: (agent: AgentPort) => Promise<T>) => {
    // A host known to be away is only knocked at: a whole request with its retries would keep the others waiting.
    if (away.has(agent.url) && !(await agent.isUp())) return [];
    try {
      const value = await work(agent);
      back(agent);
      return [value];
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      missing(agent.url, thrown);
      return [];
    }
  };
  return {
    urls: agents.map(({ url }) => url),
    mayBeAway,
    onEveryHost: async (work) => {
      const settled = await Promise.allSettled(agents.map((agent) => tryHost(agent, work)));
      return settled.flatMap((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
    },
    away: () => [...away.values()],
  };
}

/** Asks every host for a sign of life. Rejects with a ServiceError that names the hosts when more are away than may be. */
export async function requireHosts(fleet: Fleet): Promise<void> {
  await fleet.onEveryHost((agent) => agent.state());
  const found = fleet.away();
  const { urls, mayBeAway } = fleet;
  const quorum = judgeQuorum({ total: urls.length, away: found.map(({ url }) => url), mayBeAway });
  const [first] = found;
  if (quorum.kind !== 'too-few' || first === undefined) return;
  throw new ServiceError({
    code: UNREACHABLE,
    message: `${quorum.reason.message} ${first.why}`,
    remedy: 'Bring them back, or raise rollout.max-unavailable in trainyard.yml; then run this again.',
    where: { kind: 'endpoint', endpoint: first.url },
  });
}

/** Which hosts were left out, as the end of a report: nothing when none was. */
export function describeAway(fleet: Fleet, remark: string): string {
  const away = fleet.away();
  if (away.length === 0) return '';
  const lines = away.map(({ url, since }) => `- ${url} has been out of reach since ${since}. ${remark}`);
  return ['', '', ...lines].join('\n');
}

/** The same for an event's data. */
export function awayData(fleet: Fleet): { readonly away?: string[] } {
  const away = fleet.away().map(({ url }) => url);
  return away.length === 0 ? {} : { away };
}
