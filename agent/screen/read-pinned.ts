import { epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { countGiven } from '../envoy/cluster-counters.ts';
import { pinnedClusterName } from '../envoy/traffic-plan.ts';

/** The proxy is asked this often at most, in ms. */
const EVERY_MS = 30_000;

/** How many requests pinned each version of a model since the proxy began, as last read; nobody waits for it. */
type ReadPinned = (model: string) => Readonly<Record<string, number>>;

/** Reads them where somebody asks. What the proxy does not say now is as it was. */
export function createPinnedReader({
  proxy,
  store,
  clock,
}: Pick<AgentContext, 'proxy' | 'store' | 'clock'>): ReadPinned {
  const given = new Map<string, number>();
  let askedMs = Number.NEGATIVE_INFINITY;
  const read = async () => {
    const counters = await proxy.counters();
    for (const { model, version } of store.instances()) {
      const cluster = pinnedClusterName(model, version);
      const found = counters.get(cluster);
      if (found === undefined) given.delete(cluster);
      else given.set(cluster, countGiven(found));
    }
  };
  return (model) => {
    const nowMs = epochMs(clock.now());
    if (nowMs - askedMs >= EVERY_MS) {
      askedMs = nowMs;
      void read().catch(() => undefined);
    }
    const own = store.instances().filter((one) => one.model === model);
    return Object.fromEntries(
      own.flatMap(({ version }) => {
        const count = given.get(pinnedClusterName(model, version)) ?? 0;
        return count === 0 ? [] : [[version, count]];
      }),
    );
  };
}
