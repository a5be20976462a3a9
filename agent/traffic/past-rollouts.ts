import { z } from 'zod';
import { type RolloutLease, rolloutLeaseSchema } from '../../core/serving/api.ts';
import type { MemoryTable } from '../store/memory-table.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import type { TrafficTable } from '../store/traffic-table.ts';

/** Rollouts of a model that are over and kept, the last ones: a lease is some kB. */
const KEPT = 3;

const pastSchema = z.object({ leases: z.array(rolloutLeaseSchema) });
type Memory = Pick<MemoryTable, 'getMemory' | 'putMemory'>;

/**
 * Stores traffic, and with it the last lease of a rollout that it no longer has: by that its polls, which are kept for a week, can be folded
 * into its evidence once more.
 */
export function putAndRemember(
  memory: Memory,
  { getTraffic, putTraffic }: Pick<TrafficTable, 'getTraffic' | 'putTraffic'>,
): TrafficTable['putTraffic'] {
  return (model, stored) => {
    const left = leftBy(getTraffic(model), stored);
    if (left !== undefined) {
      const others = readPastRollouts(memory, model).filter(({ rollout }) => rollout !== left.rollout);
      memory.putMemory(keyOf(model), { leases: [...others, left].slice(-KEPT) });
    }
    putTraffic(model, stored);
  };
}

function leftBy(before: StoredTraffic | undefined, stored: StoredTraffic): RolloutLease | undefined {
  const lease = before?.traffic.lease;
  return lease?.rollout === stored.traffic.lease?.rollout ? undefined : lease;
}

/** The last rollouts that have left a model's traffic, each with its last lease, oldest first. */
export function readPastRollouts(memory: Pick<Memory, 'getMemory'>, model: string): readonly RolloutLease[] {
  return memory.getMemory(keyOf(model), pastSchema)?.leases ?? [];
}

function keyOf(model: string): string {
  return `rollouts/${model}`;
}
