import { performance } from 'node:perf_hooks';
import { toInstant } from '../../core/instant.ts';
import type { Clock } from '../../core/ports.ts';
import { wait } from './wait.ts';

/** A difference that time servers even out by the way is followed at once, in ms; a larger one is a jump. */
export const JUMP_MS = 2_000;

/** Two clocks of the machine, in ms: what it believes the time to be, since 1970, and one that nobody sets. */
type MachineTime = { readonly wall: () => number; readonly uptime: () => number };

const MACHINE: MachineTime = { wall: Date.now, uptime: () => performance.now() };

/** Time that goes on evenly whatever is done to the machine's clock. */
export type SteadyClock = Clock & {
  /** How far the machine's clock is ahead of this one, in ms; 0 while it has not jumped. */
  readonly jumpMs: () => number;
  /** Goes on from the machine's clock as it is now. */
  readonly adopt: () => void;
};

/**
 * The machine's time as it was at the start, and as long after it as has passed since: `now` never goes back before `adopt`.
 * Leases, time limits and the seconds of an observation are differences of two such instants, and would be wrong by any jump.
 */
export function createSteadyClock({ wall, uptime }: MachineTime = MACHINE): SteadyClock {
  let base = wall() - uptime();
  let latest = -Infinity;
  const jump = () => wall() - uptime() - base;
  return {
    wait,
    now: () => {
      const offset = jump();
      if (Math.abs(offset) <= JUMP_MS) base += offset;
      latest = Math.max(latest, base + uptime());
      return toInstant(latest);
    },
    jumpMs: () => {
      const offset = jump();
      return Math.abs(offset) <= JUMP_MS ? 0 : offset;
    },
    adopt: () => {
      base += jump();
      latest = -Infinity;
    },
  };
}

/** A jump of so many ms in a sentence. */
export function describeJump(jumpMs: number): string {
  const seconds = Math.round(Math.abs(jumpMs) / 1_000);
  return `The machine’s clock was set ${seconds} s ${jumpMs < 0 ? 'back' : 'ahead'}.`;
}
