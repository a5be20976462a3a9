import { messageOf } from '../core/errors.ts';
import { secondsBetween } from '../core/instant.ts';
import { DISPATCH_TYPES, type DispatchType } from '../core/names.ts';
import type { Clock } from '../core/ports.ts';
import type { Agent } from './agent.ts';
import { deliverReports } from './outbox/deliver.ts';
import { createTokenSource, type TokenSource } from './outbox/github-token.ts';
import { sendHeartbeat } from './outbox/send-heartbeat.ts';
import { cutLogs } from './store/cut-logs.ts';
import { pruneStore } from './store/prune.ts';
import { closeWindows } from './windows/close-windows.ts';
import { joinLabels } from './windows/join-labels.ts';
import { judgeLateLabels } from './windows/judge-late-labels.ts';
import { type DriftCache, judgeWindows } from './windows/judge-windows.ts';

/** Steps while something is starting or ending, in ms: its progress is what people wait for. */
const BUSY_TICK_MS = 250;
/** Shortest and longest wait for a report that is due later, in ms. */
const OUTBOX_WAIT_MS = { least: 1_000, most: 600_000 } as const;
const PRUNE_EVERY_MS = 3_600_000;
/** While no version is on trial there is nothing to brake: traffic is counted and windows are closed every so many ticks. */
const RESTING_TICKS = 12;

/**
 * Observe, decide, apply, record, until `signal` aborts. What fails is logged and tried again at the next tick: everything is
 * derived from the store and from what runs, so no tick depends on the one before. Looking at the traffic has a loop of its own,
 * in which nothing slow is waited for: starting, stopping and verifying versions, windows, labels and reports go on beside it.
 * `watchClock` is called at each tick. What is under way at the end is left where it is: the next agent goes on with it.
 */
export async function runLoop(agent: Agent, watchClock: () => void, signal: AbortSignal): Promise<void> {
  const beat = createBeat();
  const tellChanges = (): void =>
    void agent.woken().then(() => {
      beat.tell();
      tellChanges();
    });
  tellChanges();
  await Promise.all([
    runLooks(agent, { watchClock, tell: beat.tell }, signal),
    runSteps(agent, beat.next, signal),
    runChores(agent, signal),
    runOutbox(agent, signal),
  ]);
}

/**
 * Two loops on one timer: to wake the process costs more than what it is woken for. A promise lasts until the next tick alone: one that
 * lasts keeps a note of everyone who has waited for it.
 */
function createBeat(): { readonly next: () => Promise<void>; readonly tell: () => void } {
  let beat = Promise.withResolvers<void>();
  return {
    next: () => beat.promise,
    tell: () => {
      beat.resolve();
      beat = Promise.withResolvers();
    },
  };
}

/** `tell` is called at each tick, and at the end. */
async function runLooks(
  agent: Agent,
  { watchClock, tell }: { readonly watchClock: () => void; readonly tell: () => void },
  signal: AbortSignal,
): Promise<void> {
  const { audit, clock, options } = agent.context;
  for (let resting = 0; !signal.aborted; resting++) {
    // Begun before the work: a look that takes long puts the next one off by nothing, nor what waits for the tick.
    const next = pause(clock, options.tickSeconds * 1_000, { signal }).then(tell);
    await attempt(agent, 'watching the clock', async () => watchClock());
    audit.settle(clock.now());
    if (isOnTrial(agent) || resting % restingTicks(agent) === 0) {
      await attempt(agent, 'judging the traffic', agent.observeAndJudge);
    }
    await next;
  }
  tell();
}

function isOnTrial({ context: { store } }: Agent): boolean {
  return Object.values(store.traffic()).some(
    ({ traffic }) => traffic.candidate !== undefined || traffic.lease !== undefined,
  );
}

/** At rest traffic is counted no later than a window is due. */
function restingTicks({ context: { options } }: Agent): number {
  const { tickSeconds, windowSeconds } = options;
  return Math.max(1, Math.min(RESTING_TICKS, Math.floor(windowSeconds / tickSeconds)));
}

async function runSteps(agent: Agent, nextTick: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { clock, store, runtime, options } = agent.context;
  const known = store.instances().flatMap(({ handle }) => (handle === undefined ? [] : [handle]));
  await attempt(agent, 'ending what was left behind', () => runtime.sweep(known));
  while (!signal.aborted) {
    // Taken before the work: what is asked for meanwhile is seen to at once.
    const woken = nextTick();
    void attempt(agent, 'converging', agent.converge);
    const isBusy = store
      .instances()
      .some(({ state, isGivenUp }) => isGivenUp === true || state === 'starting' || state === 'draining');
    if (isBusy) await pause(clock, Math.min(BUSY_TICK_MS, options.tickSeconds * 1_000), { woken, signal });
    else await woken;
  }
}

async function runChores(agent: Agent, signal: AbortSignal): Promise<void> {
  const { context } = agent;
  const { clock, options } = context;
  const drift: DriftCache = new Map();
  let untilPrunedMs = 0;
  while (!signal.aborted) {
    const everyMs = (isOnTrial(agent) ? 1 : restingTicks(agent)) * options.tickSeconds * 1_000;
    const chores: readonly (readonly [string, () => Promise<void>])[] = [
      ['closing windows', async () => closeWindows(context)],
      ['judging drift', async () => judgeWindows(context, drift)],
      ['joining labels', () => joinLabels(context)],
      ['judging labels', () => judgeLateLabels(context)],
      ['cutting logs', async () => cutLogs(context)],
      ['the heartbeat', async () => sendHeartbeat(context)],
      ...(untilPrunedMs > 0 ? [] : [['pruning', async () => pruneStore(context)] as const]),
    ];
    untilPrunedMs = (untilPrunedMs > 0 ? untilPrunedMs : PRUNE_EVERY_MS) - everyMs;
    for (const [what, work] of chores) {
      await attempt(agent, what, work);
      // Each of them may keep the processor for a while: a look that is due comes in between.
      await pause(clock, 0, { signal });
    }
    await pause(clock, everyMs, { signal });
  }
}

async function runOutbox(agent: Agent, signal: AbortSignal): Promise<void> {
  const { exchange, options } = agent.context;
  if (options.dispatch === undefined) return;
  const tokens = createTokenSource(options.dispatch, exchange);
  // Each type for itself: a brake waits for no heartbeat that gets no answer.
  const types = Object.values(DISPATCH_TYPES);
  await Promise.all(types.map((type) => runDelivery(agent, { type, tokens }, signal)));
}

async function runDelivery(
  agent: Agent,
  { type, tokens }: { readonly type: DispatchType; readonly tokens: TokenSource },
  signal: AbortSignal,
): Promise<void> {
  const { clock, store } = agent.context;
  while (!signal.aborted) {
    const changed = store.outbox.changed();
    await attempt(agent, 'reporting', () => deliverReports(agent.context, { type, tokens }));
    const due = store.outbox.due(type);
    const dueMs = due === undefined ? Infinity : 1_000 * secondsBetween(clock.now(), due);
    const waitMs = Math.max(OUTBOX_WAIT_MS.least, Math.min(OUTBOX_WAIT_MS.most, dueMs));
    await pause(clock, waitMs, { woken: changed, signal });
  }
}

/** Why a wait ends early. Nobody hears it: an exception with its stack, made at every tick, would cost more than the tick. */
const WOKEN = 'woken';

/** Waits so many ms, or until `woken` resolves, or until `signal` aborts. */
async function pause(
  clock: Clock,
  ms: number,
  { woken, signal }: { readonly woken?: Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  if (woken === undefined) return clock.wait(ms, signal).catch(() => undefined);
  if (signal.aborted) return;
  const wait = new AbortController();
  // Not `AbortSignal.any`: it keeps a note of each wait with the signal of the whole loop.
  const end = () => wait.abort(WOKEN);
  signal.addEventListener('abort', end, { once: true });
  await Promise.race([clock.wait(ms, wait.signal).catch(() => undefined), woken]);
  signal.removeEventListener('abort', end);
  end();
}

async function attempt(agent: Agent, what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    agent.context.log.warn(`In ${what}: ${messageOf(thrown)}`);
  }
}
