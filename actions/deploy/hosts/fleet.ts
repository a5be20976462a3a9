import { isUnreachable, messageOf, ServiceError, UNREACHABLE, UserError } from '../../../core/errors.ts';
import type { Instant } from '../../../core/instant.ts';
import type { AgentPort, Clock, Log } from '../../../core/ports.ts';
import type { Block, Text } from '../../../core/report/report.ts';
import { judgeQuorum } from '../../../core/rollout/quorum.ts';

/** A host that did not do what it was last asked, since when, and why: it could not be reached, or it answered and refused. */
export type AwayHost = {
  readonly url: string;
  readonly kind: 'out-of-reach' | 'refusing';
  readonly since: Instant;
  readonly why: string;
};

/** The serving hosts of an environment, some of which may be down, cut off or sick. */
export type Fleet = {
  readonly urls: readonly string[];
  /** So many hosts may be away while a candidate is rolled out. */
  readonly mayBeAway: number;
  /**
   * Does the same on every host at once. A host that can't be reached, or refuses, is no failure of the others: it gives no result,
   * is named among those that are away, and is not asked again before it was readmitted. What is no host's failure rejects.
   */
  readonly onEveryHost: <T>(work: (agent: AgentPort) => Promise<T>) => Promise<readonly T[]>;
  /**
   * The same for an order that takes something back: hosts that are away are told too, each is given seconds, and whatever one of
   * them says only has it named.
   */
  readonly tellEveryHost: (work: (agent: AgentPort) => Promise<void>) => Promise<void>;
  /** A host that did not do its part in something else is away from now on. */
  readonly leaveOut: (url: string, thrown: unknown) => void;
  /** Gives the hosts that are back since they were last asked for, and knocks at those still away: nobody waits for their answer. */
  readonly readmit: () => readonly string[];
  /** The hosts that are away. */
  readonly away: () => readonly AwayHost[];
};

const SAID: Readonly<Record<AwayHost['kind'], string>> = {
  'out-of-reach': 'is out of reach',
  refusing: 'refuses',
};

/** A fleet that remembers which hosts are away as long as the job lives. */
export function createFleet(options: {
  readonly agents: readonly AgentPort[];
  readonly mayBeAway: number;
  readonly clock: Clock;
  readonly log: Log;
}): Fleet {
  const { agents, mayBeAway } = options;
  const { away, leaveOut, letIn } = createAwayList(options);
  const { knock, listAnswered } = createKnocker();
  const tryHost = async <T>(agent: AgentPort, work: (agent: AgentPort) => Promise<T>) => {
    if (away.has(agent.url)) return [];
    try {
      return [await work(agent)];
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      leaveOut(agent.url, thrown);
      return [];
    }
  };
  const tell = async (agent: AgentPort, work: (agent: AgentPort) => Promise<void>): Promise<void> => {
    try {
      await work(agent.urgent());
      letIn(agent.url);
    } catch (thrown) {
      leaveOut(agent.url, thrown);
    }
  };
  const readmit = (): readonly string[] => {
    const back = listAnswered();
    for (const url of back) letIn(url);
    for (const agent of agents) if (away.has(agent.url)) knock(agent);
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
    tellEveryHost: async (work) => {
      await Promise.all(agents.map((agent) => tell(agent, work)));
    },
    leaveOut,
    readmit,
    away: () => [...away.values()],
  };
}

/** The hosts that are away now, by address. What one says again and again is logged once. */
function createAwayList({
  agents,
  clock,
  log,
}: {
  readonly agents: readonly AgentPort[];
  readonly clock: Clock;
  readonly log: Log;
}) {
  const away = new Map<string, AwayHost>();
  const logged = new Map<string, string>();
  return {
    away,
    leaveOut: (url: string, thrown: unknown): void => {
      const kind = isUnreachable(thrown) ? 'out-of-reach' : 'refusing';
      const why = messageOf(thrown);
      away.set(url, { url, kind, since: away.get(url)?.since ?? clock.now(), why });
      // A sick host is asked again at every poll, and says the same each time.
      if (logged.get(url) === why) return;
      logged.set(url, why);
      log.warn(`${url} ${SAID[kind]}, ${away.size} of ${agents.length} hosts take no part now: ${why}`);
    },
    letIn: (url: string): void => {
      const left = away.get(url);
      away.delete(url);
      if (left?.kind !== 'out-of-reach') return;
      logged.delete(url);
      log.info(`${url} is back.`);
    },
  };
}

/** Asks hosts whether they are there, one question at a time each, and remembers which have answered since that was last listed. */
function createKnocker() {
  const knocking = new Set<string>();
  const answered = new Set<string>();
  const ask = async (agent: AgentPort): Promise<void> => {
    knocking.add(agent.url);
    // Whatever it answers, it is there: what is wrong with it shows when it is asked for more.
    if (await agent.isUp().catch(() => true)) answered.add(agent.url);
    knocking.delete(agent.url);
  };
  return {
    knock: (agent: AgentPort): void => {
      if (!knocking.has(agent.url)) void ask(agent);
    },
    listAnswered: (): readonly string[] => {
      const urls = [...answered];
      answered.clear();
      return urls;
    },
  };
}

/**
 * Asks every host for a sign of life. Rejects with a ServiceError that names the hosts when more are away than may be, and with a
 * UserError where two addresses lead to one agent.
 */
export async function requireHosts(fleet: Fleet): Promise<void> {
  const found = await fleet.onEveryHost(async ({ url, state }) => ({ url, hostId: (await state()).hostId }));
  requireDistinct(found);
  const away = fleet.away().map(({ url }) => url);
  requireQuorum(fleet, away);
}

function requireDistinct(found: readonly { readonly url: string; readonly hostId: string }[]): void {
  const urlOf = new Map<string, string>();
  for (const { url, hostId } of found) {
    const other = urlOf.get(hostId);
    if (other !== undefined) {
      throw new UserError([
        {
          code: 'host-listed-twice',
          message: `${other} and ${url} lead to the same agent (${hostId}).`,
          remedy:
            'Name each host once in the hosts of trainyard.yml. Where one machine was cloned from the other, stop its agent, move its data folder away, and start it.',
        },
      ]);
    }
    urlOf.set(hostId, url);
  }
}

/** Throws a ServiceError that names the hosts that take no part, and why, when they are more than may be away. */
export function requireQuorum(
  fleet: Pick<Fleet, 'urls' | 'mayBeAway' | 'away'>,
  missing: readonly string[],
): void {
  const { urls, mayBeAway } = fleet;
  const quorum = judgeQuorum({ total: urls.length, away: missing, mayBeAway });
  const [first] = missing;
  if (quorum.kind !== 'too-few' || first === undefined) return;
  throw new ServiceError({
    code: UNREACHABLE,
    message: [quorum.reason.message, ...fleet.away().map(({ why }) => why)].join(' '),
    remedy: 'Bring them back, or raise rollout.max-unavailable in trainyard.yml; then run this again.',
    where: { kind: 'endpoint', endpoint: first },
  });
}

/** Which hosts were left out, as the end of a report: nothing when none was. */
export function describeAway(away: readonly AwayHost[], remark: string): readonly Block[] {
  if (away.length === 0) return [];
  const items = away.map(
    ({ url, kind, since, why }): Text => [
      { kind: 'code', text: url },
      kind === 'out-of-reach'
        ? ` has been out of reach since ${since}. ${remark}`
        : ` has refused since ${since}: ${why} ${remark}`,
    ],
  );
  return [{ kind: 'list', items }];
}

/** The same for an event's data. */
export function awayData(away: readonly AwayHost[]): { readonly away?: string[] } {
  return away.length === 0 ? {} : { away: away.map(({ url }) => url) };
}
