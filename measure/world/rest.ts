import { environmentOf } from '../../core/ledger/state.ts';
import type { GitHubSite } from './github/site.ts';
import type { WorldHost } from './host/host.ts';
import type { Injection } from './schedule/setup.ts';
import type { SimulatedWorld } from './world.ts';
import { ENVIRONMENT, MODEL, TIMES } from './world-config.ts';

/** A world is over when nothing has been under way for so long: each agent has looked once more. */
const QUIET_MS = 1_200 * TIMES.tick;

/**
 * Tells whether a world is over, when asked after every step: all that was done to it has passed, and for a while no job, rollout, report
 * or dispatch was under way, and every host served the champion alone. What lasts beyond `watchedMs` passes for no one.
 */
export function watchRest(
  world: SimulatedWorld,
  site: GitHubSite,
  { injections, watchedMs }: { readonly injections: readonly Injection[]; readonly watchedMs: number },
): () => boolean {
  const begunAt = Math.max(0, ...injections.map(({ at }) => at));
  const passedAt = Math.max(0, ...injections.map((one) => (endOf(one) > watchedMs ? one.at : endOf(one))));
  let restingSince: number | undefined;
  return () => {
    const now = world.time.elapsed();
    if (now < begunAt) return false;
    restingSince = isAtRest(world, site, watchedMs) ? (restingSince ?? now) : undefined;
    return restingSince !== undefined && now - Math.max(restingSince, passedAt) > QUIET_MS;
  };
}

/** When an injection and what it brings about directly is over. */
function endOf(injection: Injection): number {
  const lasts = 'forMs' in injection ? injection.forMs : 'downMs' in injection ? injection.downMs : 0;
  return injection.at + lasts;
}

function isAtRest(world: SimulatedWorld, site: GitHubSite, watchedMs: number): boolean {
  const { heads, hosts, github, git } = world;
  if (site.isBusy() || github.onTheWay > 0) return false;
  const state = heads.at(-1)?.state;
  const here = state && environmentOf(state, ENVIRONMENT);
  // Nobody writes to a ledger that is lost: what was open in it stays open.
  if (git.remote.head() === undefined) return hosts.every(givesNoShare);
  if (here === undefined || here.rollout !== undefined) return false;
  return hosts.every((host) =>
    host.faults.partitionedUntil > watchedMs
      ? givesNoShare(host)
      : serves(host, here.champion?.version) && host.store()?.outbox.pending().count === 0,
  );
}

function givesNoShare(host: WorldHost): boolean {
  const traffic = host.store()?.getTraffic(MODEL)?.traffic;
  return traffic !== undefined && (traffic.candidate === undefined || traffic.candidatePercent === 0);
}

function serves(host: WorldHost, champion = ''): boolean {
  const traffic = host.store()?.getTraffic(MODEL)?.traffic;
  const isAlone = traffic?.stable === champion && traffic.candidate === undefined;
  return isAlone && host.servers.ofVersion(champion)?.state === 'serving';
}
