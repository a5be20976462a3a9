import { setTimeout as sleep } from 'node:timers/promises';
import { toInstant } from '../core/instant.ts';
import type { Clock } from '../core/ports.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => toInstant(Date.now()),
  wait: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};
