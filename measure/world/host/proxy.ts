import { parseCounters } from '../../../agent/envoy/cluster-counters.ts';
import { buildRoutes } from '../../../agent/envoy/config/routes.ts';
import type { DataPlane } from '../../../agent/envoy/envoy.ts';
import { clusterNames, type TrafficPlan } from '../../../agent/envoy/traffic-plan.ts';
import type { Actor, Scheduler } from '../scheduler.ts';
import { MODEL } from '../world-config.ts';
import { type ClusterStats, newClusterStats, renderCounters } from './envoy-counters.ts';
import { type Routing, readRouting } from './route-table.ts';

/** Stands in for a host's Envoy: it runs on the very configuration the agent writes for it, and outlives the agent. */
export type HostProxy = {
  readonly routing: () => Routing;
  /** The loopback port of a cluster; `undefined` where there is no such cluster. */
  readonly portOf: (cluster: string) => number | undefined;
  readonly statsOf: (cluster: string) => ClusterStats;
  readonly isRunning: () => boolean;
  /** The process ends with the host: its configuration and counters are gone. */
  readonly kill: () => void;
  readonly dataPlaneFor: (actor: Actor) => DataPlane;
};

type Options = {
  readonly time: Scheduler;
  /** Called before counters are read or routes change: requests up to now are to be counted by the old ones. */
  readonly onLook: () => void;
};

const ADMIN_MS = 8;
const TAKE_UP_MS = 40;
const NOTHING: Routing = { kind: 'direct', status: 503 };

const known = new Map<string, Routing>();
/** Of that many plans it is known what their configuration says. */
const MOST_KNOWN = 10_000;

/** What the configuration says that the agent writes for a plan, which stands in `written` as JSON: both depend on nothing else. */
function routingOf(plan: TrafficPlan, written: string): Routing {
  const routing = known.get(written) ?? readRouting(buildRoutes(plan).text, `/predictions/${MODEL}`);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(written, routing);
  return routing;
}

/** A proxy that is not running yet. */
export function createProxy({ time, onLook }: Options): HostProxy {
  let stats = new Map<string, ClusterStats>();
  let ports = new Map<string, number>();
  let routing: Routing = NOTHING;
  let running = false;
  let applied = '';
  const take = (plan: TrafficPlan, wanted: string) => {
    onLook();
    routing = routingOf(plan, wanted);
    ports = new Map(
      plan.backends.flatMap(({ model, version, port }) =>
        clusterNames(model, version).map((name) => [name, port] as const),
      ),
    );
    stats = new Map([...stats].filter(([cluster]) => ports.has(cluster)));
    running = true;
  };
  return {
    routing: () => (running ? routing : NOTHING),
    portOf: (cluster) => ports.get(cluster),
    statsOf: (cluster) => {
      const known = stats.get(cluster) ?? newClusterStats();
      stats.set(cluster, known);
      return known;
    },
    isRunning: () => running,
    kill: () => {
      onLook();
      running = false;
      applied = '';
      stats = new Map();
    },
    dataPlaneFor: (actor) => ({
      apply: async (plan) => {
        const wanted = JSON.stringify(plan);
        if (running && wanted === applied) return;
        await time.sleep(TAKE_UP_MS, actor);
        take(plan, wanted);
        applied = wanted;
      },
      counters: async () => {
        await time.sleep(ADMIN_MS, actor);
        if (!running) throw new Error('Envoy is not running');
        onLook();
        return parseCounters(renderCounters(stats));
      },
      isHealthy: async () => {
        await time.sleep(ADMIN_MS, actor);
        return running;
      },
      // Versions are chosen by chance here.
      userRequests: () => [],
      isFull: async () => false,
      turnedAway: async () => 0,
      problem: () => undefined,
      process: () => undefined,
      stop: async () => undefined,
    }),
  };
}
