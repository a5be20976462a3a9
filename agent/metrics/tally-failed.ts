import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import { beginReading, countSince, type VersionReading } from '../traffic/version-reading.ts';

/** How many requests of a version have failed from the first reading on, and the reading to go on from. */
type Tally = { readonly failed: number; readonly reading: VersionReading };

const tallies = new WeakMap<AgentContext, ReadonlyMap<string, Tally>>();

/**
 * How many requests of each cluster have failed since this agent first read its counters, each counted once, as an observation counts
 * errors. It is added up from reading to reading, for the rule holds between two of them: in sums over months an old failure of one kind
 * would hide a new one of another. It begins at 0 and never falls, so that whoever takes its rate sees no failure that was not. Readings
 * have to come in the order in which the proxy gave them; clusters that are in none are kept only while `isKnown` holds.
 */
export function tallyFailed(
  context: AgentContext,
  counters: ReadonlyMap<string, ClusterCounters>,
  isKnown: (cluster: string) => boolean,
): (cluster: string) => number {
  const before = tallies.get(context) ?? new Map<string, Tally>();
  const read = [...counters].map(([cluster, found]): [string, Tally] => [
    cluster,
    goOn(before.get(cluster), found),
  ]);
  const tally = new Map([...before, ...read].filter(([cluster]) => isKnown(cluster)));
  tallies.set(context, tally);
  return (cluster) => tally.get(cluster)?.failed ?? 0;
}

function goOn(before: Tally | undefined, counters: ClusterCounters): Tally {
  // What is invalid has no part in what failed, and is counted elsewhere.
  const look = { counters, invalid: {} };
  if (before === undefined) return { failed: 0, reading: beginReading(look) };
  const { counts, reading } = countSince(before.reading, look);
  return { failed: before.failed + counts.errors, reading };
}
