import type { Clock } from '../../core/ports.ts';

/** Waits for work, but for so many ms at most: then it goes on by itself, and what it fails with is nobody's. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const wait = new AbortController();
  const late = clock.wait(ms, wait.signal).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    // Nobody hears it: an exception with its stack would be made at every look.
    wait.abort('done');
    work.catch(() => undefined);
  }
}
