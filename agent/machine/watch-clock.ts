import { performance } from 'node:perf_hooks';
import { addSeconds, secondsBetween } from '../../core/instant.ts';
import type { Log } from '../../core/ports.ts';
import { LEASES_TO_RETURN } from '../../core/serving/decide-traffic.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { Store } from '../store/store.ts';
import { describeJump, JUMP_MS, type SteadyClock } from './steady-clock.ts';

/** A jump that has stood for so long is meant, in ms; one that is taken back before changes nothing. */
const ADOPT_AFTER_MS = 600_000;

type Watched = { readonly clock: SteadyClock; readonly store: Store; readonly log: Log };

/**
 * Looks, at each call, whether the machine's clock was set. At first nothing follows it; when it has stayed so, the agent takes
 * the new time, and every instant it counts from moves with it: a lease runs as long as before, and so does all else.
 */
export function createClockWatch(
  { clock, store, log }: Watched,
  uptime: () => number = () => performance.now(),
): () => void {
  let seen: { readonly jumpMs: number; readonly since: number } | undefined;
  return () => {
    const jumpMs = clock.jumpMs();
    if (jumpMs === 0) {
      if (seen !== undefined) log.info('The machine’s clock is back where it was.');
      seen = undefined;
      return;
    }
    if (seen === undefined || Math.abs(jumpMs - seen.jumpMs) > JUMP_MS) {
      seen = { jumpMs, since: uptime() };
      log.warn(
        `${HOST_WARNINGS.clockJumped}: ${describeJump(jumpMs)} Leases and time limits go on as before; ` +
          `the new time counts once it has stood for ${ADOPT_AFTER_MS / 60_000} minutes.`,
      );
      return;
    }
    if (uptime() - seen.since < ADOPT_AFTER_MS) return;
    store.shiftInstants(jumpMs);
    clock.adopt();
    seen = undefined;
    log.info(`${describeJump(jumpMs)} It has stayed so, and its time counts from here on.`);
  };
}

/**
 * For the start: what was written in the future was written before the clock was set back, and counts as written just now. How long no
 * agent ran then nobody can say, so that a lease counts as over: whoever renews it is heard again.
 */
export function moveOutOfFuture({ clock, store, log }: Watched): void {
  const latest = store.latestInstant();
  const aheadMs = latest === undefined ? 0 : 1_000 * secondsBetween(clock.now(), latest);
  if (aheadMs <= JUMP_MS) return;
  store.shiftInstants(-aheadMs);
  for (const [model, stored] of Object.entries(store.traffic())) {
    const { lease } = stored.traffic;
    if (lease === undefined) continue;
    store.putTraffic(model, {
      ...stored,
      setAt: addSeconds(clock.now(), -LEASES_TO_RETURN * lease.leaseSeconds),
    });
  }
  log.warn(
    `${HOST_WARNINGS.clockJumped}: ${describeJump(-aheadMs)} It was so, or more, while no agent ran: leases count as over.`,
  );
}
