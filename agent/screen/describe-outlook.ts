import { epochMs, toInstant } from '../../core/instant.ts';
import { describeRollout } from '../../core/serving/screen/describe-rollout.ts';
import { historyStart, latencySince } from '../../core/serving/screen/history.ts';
import type { ModelOutlook } from '../../core/serving/screen/outlook.ts';
import type { AgentContext } from '../context.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { readLabelsSeen } from '../windows/judge-late-labels.ts';
import { readDriftSeen } from '../windows/judge-windows.ts';
import { listMonitored } from '../windows/note-monitor.ts';
import { createHistoryFollower, type FollowHistory } from './follow-history.ts';
import { createPastFollower, type FollowPast } from './follow-past.ts';
import { createRolloutFollower } from './follow-rollout.ts';
import { createPinnedReader } from './read-pinned.ts';

/** Without a rollout latency is told of so many hours. */
const LATENCY_HOURS = 1;

/** What watchers of a host are told. Work is done where somebody asks, and kept to go on from. */
export type Watching = {
  readonly history: FollowHistory;
  readonly past: FollowPast;
  /** `undefined` of a model that never had traffic here. */
  readonly outlook: (model: string) => Promise<ModelOutlook | undefined>;
};

/** What watchers of this host are told. */
export function createWatching(context: AgentContext): Watching {
  const { store, options } = context;
  const history = createHistoryFollower(context);
  const followRollout = createRolloutFollower(context);
  const readPinned = createPinnedReader(context);
  const standing = async (
    stored: StoredTraffic,
    model: string,
  ): Promise<Pick<ModelOutlook, 'latency' | 'rollout'>> => {
    const { lease } = stored.traffic;
    const now = context.clock.now();
    if (lease === undefined) {
      const sinceMs = historyStart(epochMs(now), LATENCY_HOURS);
      return {
        latency: { since: toInstant(sinceMs), stable: latencySince(await history(model), sinceMs) },
      };
    }
    const { latency, ...seen } = await followRollout(model, lease);
    return {
      latency: { since: lease.rolloutStartedAt, ...latency },
      rollout: describeRollout({ lease, setAt: stored.setAt, ...seen, now }),
    };
  };
  return {
    history,
    past: createPastFollower(context),
    outlook: async (model) => {
      const stored = store.getTraffic(model);
      if (stored === undefined) return undefined;
      const monitored = listMonitored(context).find((one) => one.model === model);
      const { stable } = stored.traffic;
      const drift = stable === undefined ? undefined : readDriftSeen(context, model, stable);
      const labels = stable === undefined ? undefined : readLabelsSeen(context, model, stable);
      const pinned = readPinned(model);
      return {
        ...(await standing(stored, model)),
        ...(Object.keys(pinned).length > 0 && { pinned }),
        ...(options.stickyHeader !== undefined && { stickyHeader: options.stickyHeader }),
        ...(monitored && { monitored: { at: monitored.at, isFirst: monitored.isFirst } }),
        ...(drift && { drift }),
        ...(labels && { labels }),
      };
    },
  };
}
