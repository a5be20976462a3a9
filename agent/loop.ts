import { performance } from 'node:perf_hooks';
import { messageOf } from '../core/errors.ts';
import { secondsBetween } from '../core/instant.ts';
import type { Clock } from '../core/ports.ts';
import type { Agent } from './agent.ts';
import { deliverReports } from './outbox/deliver.ts';
import { createTokenSource } from './outbox/github-token.ts';
import { sendHeartbeat } from './outbox/send-heartbeat.ts';
import { pruneStore } from './store/prune.ts';
import { closeWindows } from './windows/close-windows.ts';
import { joinLabels } from './windows/join-labels.ts';
import { judgeLateLabels } from './windows/judge-late-labels.ts';
import { judgeWindows } from './windows/judge-windows.ts';

/** Looks while something is starting or ending, in ms: its progress is what people wait for. */
const BUSY_TICK_MS = 250;
/** Shortest and longest wait for a report that is due later, in ms. */
const OUTBOX_WAIT_MS = { least: 1_000, most: 600_000 } as const;
const PRUNE_EVERY_MS = 3_600_000;
/** While no version is on trial there is nothing to brake: traffic is counted and windows are closed every so many ticks. */
const RESTING_TICKS = 12;

/**
 * Observe, decide, apply, record, until `signal` aborts. What fails is logged and tried again at the next tick: everything is
 * derived from the store and from what runs, so no tick depends on the one before. `watchClock` is called at each tick.
 */
export async function runLoop(agent: Agent, watchClock: () => void, signal: AbortSignal): Promise<void> {
  await Promise.all([runTicks(agent, watchClock, signal), runOutbox(agent, signal)]);
}

async function runTicks(agent: Agent, watchClock: () => void, signal: AbortSignal): Promise<void> {
  const { clock, store, options } = agent.context;
  let observedAt = -Infinity;
  let prunedAt = -Infinity;
  while (!signal.aborted) {
    const now = performance.now();
    // Taken before the work: what is asked for meanwhile is seen to at once.
    const woken = agent.woken();
    await attempt(agent, 'watching the clock', async () => watchClock());
    if (now - observedAt >= observeEveryMs(agent)) {
      observedAt = now;
      await attempt(agent, 'judging the traffic', agent.observeAndJudge);
      await attempt(agent, 'closing windows', async () => closeWindows(agent.context));
      await attempt(agent, 'judging drift', async () => judgeWindows(agent.context));
      await attempt(agent, 'joining labels', () => joinLabels(agent.context));
      await attempt(agent, 'judging labels', async () => judgeLateLabels(agent.context));
      await attempt(agent, 'the heartbeat', async () => sendHeartbeat(agent.context));
    }
    await attempt(agent, 'converging', agent.converge);
    if (now - prunedAt >= PRUNE_EVERY_MS) {
      prunedAt = now;
      await attempt(agent, 'pruning', async () => pruneStore(agent.context));
    }
    const isBusy = store.instances().some(({ state }) => state === 'starting' || state === 'draining');
    const nextMs = isBusy ? Math.min(BUSY_TICK_MS, options.tickSeconds * 1_000) : options.tickSeconds * 1_000;
    await pause(clock, nextMs, { woken, signal });
  }
}

/** At rest no later than a window is due; each tick while a candidate or a lease is there. */
function observeEveryMs({ context: { store, options } }: Agent): number {
  const isOnTrial = Object.values(store.traffic()).some(
    ({ traffic }) => traffic.candidate !== undefined || traffic.lease !== undefined,
  );
  const { tickSeconds, windowSeconds } = options;
  const resting = Math.max(tickSeconds, Math.min(RESTING_TICKS * tickSeconds, windowSeconds));
  return (isOnTrial ? tickSeconds : resting) * 1_000;
}

async function runOutbox(agent: Agent, signal: AbortSignal): Promise<void> {
  const { clock, store, exchange, options } = agent.context;
  if (options.dispatch === undefined) return;
  const tokens = createTokenSource(options.dispatch, exchange);
  while (!signal.aborted) {
    const added = store.outbox.added();
    await attempt(agent, 'reporting', () => deliverReports(agent.context, tokens));
    const due = store.outbox.due();
    const dueMs = due === undefined ? Infinity : 1_000 * secondsBetween(clock.now(), due);
    const waitMs = Math.max(OUTBOX_WAIT_MS.least, Math.min(OUTBOX_WAIT_MS.most, dueMs));
    await pause(clock, waitMs, { woken: added, signal });
  }
}

/** Waits so many ms, or until `woken` resolves, or until `signal` aborts. */
async function pause(
  clock: Clock,
  ms: number,
  { woken, signal }: { readonly woken: Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  const wait = new AbortController();
  const any = AbortSignal.any([wait.signal, signal]);
  await Promise.race([clock.wait(ms, any).catch(() => undefined), woken]);
  wait.abort();
}

async function attempt(agent: Agent, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    agent.context.log.warn(`In ${what}: ${messageOf(thrown)}`);
  }
}
