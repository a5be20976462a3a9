import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../core/ports.ts';

/** A clock that stands still until someone waits: waiting moves it on, and runs what was planned for the time between. */
export type ManualClock = Clock & { readonly onTick: (work: () => void) => void };

/** A clock that starts at `start`. */
export function createManualClock(start = '2026-11-21T12:00:00.000Z'): ManualClock {
  let time = Date.parse(start);
  const listeners: (() => void)[] = [];
  return {
    now: () => new Date(time).toISOString(),
    wait: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      time += milliseconds;
      for (const listener of listeners) listener();
      // A turn of the event loop: who waits again and again keeps nobody else from working.
      await setImmediate();
      signal?.throwIfAborted();
    },
    onTick: (work) => listeners.push(work),
  };
}
