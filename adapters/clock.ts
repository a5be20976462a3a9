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

/** The longest that Node's own timers wait, in ms: a longer time would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Does `work` after that time, however long it is, unless it is called off before. Gives what calls it off. */
export function startTimer(milliseconds: number, work: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer = setTimeout(
      () => (left > LONGEST_MS ? wait(left - LONGEST_MS) : work()),
      Math.min(left, LONGEST_MS),
    );
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
