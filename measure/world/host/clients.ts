import type { Draws } from '../../simulate/draws.ts';
import type { Setup, VersionBehaviour } from '../schedule/setup.ts';
import type { Scheduler } from '../scheduler.ts';
import { addTimes, type ClusterStats } from './envoy-counters.ts';
import type { ModelServer, ModelServers } from './model-servers.ts';
import type { HostProxy } from './proxy.ts';
import type { Routing } from './route-table.ts';

/** What became of the requests of a stretch of time on one host; `version` is `undefined` where the proxy itself answered. */
export type Served = {
  readonly from: number;
  readonly to: number;
  readonly version: string | undefined;
  readonly requests: number;
  /** Not answered, or not with an answer, by no fault of the client. */
  readonly failed: number;
  /** Answered 4xx, whoever was at fault. */
  readonly refused: number;
  /** Not answered, answered 5xx or with what is no answer. */
  readonly broken: number;
};

type Fate = Pick<Served, 'failed' | 'refused' | 'broken'>;

/** The clients of one host. Many requests are counted at once; each stretch is counted by the routing it was sent under. */
export type Clients = {
  /** Counts everything that was sent up to now. */
  readonly settle: () => void;
  /** Invalid answers so far of the server on this port, to requests and to copies of them. */
  readonly invalidOf: (port: number) => Invalid;
};

type Invalid = Readonly<Record<'requests' | 'copies', number>>;
const NO_INVALID: Invalid = { requests: 0, copies: 0 };

type Options = {
  readonly time: Scheduler;
  readonly draws: Draws;
  readonly setup: Setup;
  readonly rateFactor: () => number;
  readonly behaviourOf: (version: string) => VersionBehaviour;
  readonly servers: ModelServers;
  readonly proxy: () => HostProxy;
  readonly onServed: (served: Served) => void;
};

/** Connections of a cluster, and as many requests waiting for one. */
const MAX_IN_FLIGHT = 128;

/** Requests that no server answers. Until then their clients wait, or the proxy does, for a copy has no client. */
type Open = {
  readonly at: number;
  readonly of: keyof Invalid;
  readonly stats: ClusterStats;
  readonly sent: number;
  readonly waiting: number;
};

/** Clients that send at a steady rate, give up after a while and never retry. */
export function createClients(options: Options): Clients {
  const { time, draws, setup, onServed } = options;
  const invalid = new Map<number, Invalid>();
  const open: Open[] = [];
  let last = 0;
  let carry = 0;
  const ask = (of: keyof Invalid, cluster: string, requests: number, timeoutMs: number): Fate => {
    const { proxy, servers, behaviourOf } = options;
    const port = proxy().portOf(cluster);
    const server = port === undefined ? undefined : servers.running.get(port);
    const stats = proxy().statsOf(cluster);
    if (server?.state !== 'serving') return refuse(stats, server, requests);
    const answers = answer(draws, behaviourOf(server.version), { requests, malformed: setup.malformed });
    const before = invalid.get(server.port) ?? NO_INVALID;
    invalid.set(server.port, { ...before, [of]: before[of] + answers.invalid });
    const patienceMs = of === 'copies' ? timeoutMs : Math.min(timeoutMs, setup.clientTimeoutMs);
    const at = time.elapsed() + patienceMs;
    const overflow = hang({ at, of, stats }, open, answers.hanging);
    count(stats, answers, { requests, ms: behaviourOf(server.version).answerMs, overflow });
    const broken = answers.failing + answers.hanging + answers.invalid;
    return { failed: broken + answers.refusing, refused: answers.refusing + answers.malformed, broken };
  };
  return {
    invalidOf: (port) => invalid.get(port) ?? NO_INVALID,
    settle: () => {
      const [from, to] = [last, time.elapsed()];
      if (to <= from) return;
      last = to;
      end(open, to);
      carry += (setup.rate * options.rateFactor() * (to - from)) / 1_000;
      const requests = Math.floor(carry);
      carry -= requests;
      if (requests === 0) return;
      const routing = options.proxy().routing();
      if (routing.kind === 'direct') {
        return onServed({ from, to, version: undefined, requests, ...breakAll(requests) });
      }
      for (const [cluster, share] of split(draws, routing, requests)) {
        if (share === 0) continue;
        const fate = ask('requests', cluster, share, routing.timeoutMs);
        onServed({ from, to, version: versionOf(cluster), requests: share, ...fate });
      }
      if (routing.mirror !== undefined) ask('copies', routing.mirror, requests, routing.timeoutMs);
    },
  };
}

/** `mnist@8` is version 8. */
function versionOf(cluster: string): string {
  return cluster.slice(cluster.indexOf('@') + 1);
}

function split(
  draws: Draws,
  { clusters }: Extract<Routing, { kind: 'clusters' }>,
  requests: number,
): readonly (readonly [cluster: string, requests: number])[] {
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  const shares = clusters.map(({ weight }) => weight / total);
  const given = draws.multinomial(requests, shares);
  return clusters.map(({ name }, index) => [name, given[index] ?? 0]);
}

/** Nobody listens, or the server has not loaded yet: the proxy, or the server, answers 503. */
function refuse(stats: ClusterStats, server: ModelServer | undefined, requests: number): Fate {
  const { counters } = stats;
  counters.upstream_rq_completed += requests;
  counters.upstream_rq_5xx += requests;
  if (server === undefined) counters.upstream_rq_pending_failure_eject += requests;
  else counters.upstream_rq_total += requests;
  addTimes(stats, 1, requests);
  return breakAll(requests);
}

function breakAll(requests: number): Fate {
  return { failed: requests, refused: 0, broken: requests };
}

type Answers = Record<'failing' | 'hanging' | 'invalid' | 'refusing' | 'malformed', number>;

function answer(
  draws: Draws,
  behaviour: VersionBehaviour,
  { requests, malformed }: { readonly requests: number; readonly malformed: number },
): Answers {
  let left = requests;
  const take = (share: number) => {
    const taken = share === 0 ? 0 : draws.binomial(left, share);
    left -= taken;
    return taken;
  };
  const hanging = take(behaviour.hanging);
  return {
    hanging,
    malformed: take(malformed),
    refusing: take(behaviour.refusing),
    failing: take(behaviour.failing),
    invalid: take(behaviour.invalid),
  };
}

/** Gives how many were refused since too many wait already. */
function hang(until: Pick<Open, 'at' | 'of' | 'stats'>, open: Open[], requests: number): number {
  if (requests === 0) return 0;
  const { stats } = until;
  const mine = open.filter((one) => one.stats === stats);
  const sent = Math.min(requests, MAX_IN_FLIGHT - mine.reduce((sum, one) => sum + one.sent, 0));
  const room = MAX_IN_FLIGHT - mine.reduce((sum, one) => sum + one.waiting, 0);
  const waiting = Math.min(requests - sent, room);
  stats.counters.upstream_rq_active += sent;
  open.push({ ...until, sent, waiting });
  // Copies are waited for longer than requests: the first to end is found first.
  open.sort((left, right) => left.at - right.at);
  return requests - sent - waiting;
}

/**
 * Clients that have waited long enough go away: the proxy resets what it had sent for them. Copies it gives up by itself, those that
 * wait for a connection too, and counts the 504 that nobody gets.
 */
function end(open: Open[], now: number): void {
  for (let first = open[0]; first !== undefined && first.at <= now; first = open[0]) {
    open.shift();
    const { counters } = first.stats;
    counters.upstream_rq_active -= first.sent;
    counters.upstream_cx_destroy_with_active_rq += first.sent;
    counters.upstream_rq_cancelled += first.waiting;
    if (first.of === 'requests') continue;
    const given = first.sent + first.waiting;
    counters.upstream_rq_timeout += given;
    counters.upstream_rq_completed += given;
    counters.upstream_rq_5xx += given;
  }
}

function count(
  stats: ClusterStats,
  { failing, hanging, refusing, malformed }: Answers,
  { requests, ms, overflow }: { readonly requests: number; readonly ms: number; readonly overflow: number },
): void {
  const { counters } = stats;
  const answered = requests - hanging;
  counters.upstream_rq_total += requests - overflow;
  counters.upstream_rq_completed += answered + overflow;
  counters.upstream_rq_pending_overflow += overflow;
  counters.upstream_rq_5xx += failing + overflow;
  counters.upstream_rq_4xx += refusing + malformed;
  counters.upstream_rq_2xx += answered - failing - refusing - malformed;
  addTimes(stats, ms, answered);
}
