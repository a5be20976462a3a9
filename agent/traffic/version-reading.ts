import { z } from 'zod';
import { countList } from '../../core/number-list.ts';
import type { ArmCounts } from '../../core/rollout/evidence/observation.ts';
import {
  beganAnew,
  type ClusterCounters,
  countSilent,
  countUnanswered,
  NO_COUNTERS,
  subtractCounters,
} from '../envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../envoy/latency-edges.ts';
import { countNew, goOnFrom, type WorkerCounts } from '../windows/worker-counts.ts';

const count = z.number();
/**
 * Where the counting of one version stands: what the proxy has counted, how many requests without a status (`silent`) have been put
 * into observations so far, the invalid answers that each worker has counted (`invalid`), those of workers whose file is gone among
 * them, and how many of these fit into no observation yet (`owed`).
 */
export const versionReadingSchema = z.object({
  counters: z.object({
    sent: count,
    answered: count,
    serverErrors: count,
    clientErrors: count,
    timeouts: count,
    overflowed: count,
    unconnected: count,
    cancelled: count,
    cut: count,
    active: count,
    latency: countList().readonly(),
  }),
  silent: count,
  invalid: z.record(z.string(), count),
  owed: count,
});
export type VersionReading = z.infer<typeof versionReadingSchema>;

/** What a look at one version sees: the proxy's counters, and the invalid answers that each of its workers has counted. */
export type VersionLook = {
  readonly counters: ClusterCounters;
  readonly invalid: WorkerCounts;
};

/** Counts from here on: what a version did before belongs to no interval. */
export function beginReading({ counters, invalid }: VersionLook): VersionReading {
  return { counters, silent: countSilent(counters), invalid, owed: 0 };
}

/**
 * What a version did since a reading, and the reading to go on from. A request counts when it has ended. Its status, its end and
 * the word that its answer was invalid may come in that order over several looks: what comes late is counted late, and never lost.
 */
export function countSince(
  before: VersionReading,
  now: VersionLook,
): { readonly counts: ArmCounts; readonly reading: VersionReading } {
  const isAnew = beganAnew(now.counters, before.counters);
  const grown = subtractCounters(now.counters, before.counters);
  const silentBefore = isAnew ? 0 : before.silent;
  const silentNow = Math.max(silentBefore, countSilent(now.counters));
  const silent = silentNow - silentBefore;
  const requests = grown.answered + silent;
  const unanswered = Math.max(silent, countUnanswered(grown));
  // A status may have been sent before the answer broke off: then no counter of statuses holds the failure.
  const errors = Math.min(requests, Math.max(grown.serverErrors + silent, unanswered));
  const refused = Math.min(requests - errors, grown.clientErrors);
  const owed = before.owed + countNew(before.invalid, now.invalid);
  const invalid = Math.min(owed, requests - errors - refused);
  return {
    counts: {
      requests,
      errors,
      unanswered: Math.min(errors, unanswered),
      refused,
      invalid,
      latency: { edges: [...LATENCY_EDGES], counts: [...grown.latency] },
    },
    reading: {
      counters: now.counters,
      silent: silentNow,
      invalid: goOnFrom(before.invalid, now.invalid),
      owed: owed - invalid,
    },
  };
}

/** A version that did nothing, or is not there. */
export const NO_COUNTS: ArmCounts = {
  requests: 0,
  errors: 0,
  unanswered: 0,
  refused: 0,
  invalid: 0,
  latency: { edges: [...LATENCY_EDGES], counts: [...NO_COUNTERS.latency] },
};
