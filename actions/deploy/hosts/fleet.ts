import { isUnreachable, messageOf, ServiceError, UNREACHABLE } from '../../../core/errors.ts';
import type { Instant } from '../../../core/instant.ts';
import type { AgentPort, Clock, Log } from '../../../core/ports.ts';
import type { Block, Text } from '../../../core/report/report.ts';
import { judgeQuorum } from '../../../core/rollout/quorum.ts';

/** A host that could not be reached when it was last asked, and since when. */
export type AwayHost = { readonly url: string; readonly since: Instant; readonly why: string };

/** The serving hosts of an environment, some of which may be down or cut off. */
export type Fleet = {
  readonly urls: readonly string[];
  /** So many hosts may be out of reach while a candidate is rolled out. */
  readonly mayBeAway: number;
  /**
   * Does the same on every host at once. Every host is tried; then the first failure is thrown. A host that can't be reached is no
   * failure: it gives no result, and is not asked again before it was readmitted.
   */
  readonly onEveryHost: <T>(work: (agent: AgentPort) => Promise<T>) => Promise<readonly T[]>;
  /** Gives the hosts that are back since they were last asked for, and knocks at those still away: nobody waits for their answer. */
  readonly readmit: () => readonly string[];
  /** The hosts that are out of reach. */
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
  const knocking = new Set<string>();
  const answered = new Set<string>();
  const tryHost = async <T>(agent: AgentPort, work: (agent: AgentPort) => Promise<T>) => {
    const { url } = agent;
    if (away.has(url)) return [];
    try {
      return [await work(agent)];
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      away.set(url, { url, since: clock.now(), why: messageOf(thrown) });
      log.warn(`${url} is out of reach, ${away.size} of ${agents.length} hosts now: ${messageOf(thrown)}`);
      return [];
    }
  };
  const knock = async (agent: AgentPort): Promise<void> => {
    knocking.add(agent.url);
    // Whatever it answers, it is there: what is wrong with it shows when it is asked for more.
    if (await agent.isUp().catch(() => true)) answered.add(agent.url);
    knocking.delete(agent.url);
  };
  const readmit = (): readonly string[] => {
    const back = [...answered];
    answered.clear();
    for (const url of back) {
      away.delete(url);
      log.info(`${url} is back.`);
    }
    const missing = agents.filter(({ url }) => away.has(url) && !knocking.has(url));
    void Promise.all(missing.map(knock));
    return back;
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
    readmit,
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
export function describeAway(away: readonly AwayHost[], remark: string): readonly Block[] {
  if (away.length === 0) return [];
  const items = away.map(
    ({ url, since }): Text => [
      { kind: 'code', text: url },
      ` has been out of reach since ${since}. ${remark}`,
    ],
  );
  return [{ kind: 'list', items }];
}

/** The same for an event's data. */
export function awayData(away: readonly AwayHost[]): { readonly away?: string[] } {
  return away.length === 0 ? {} : { away: away.map(({ url }) => url) };
}
