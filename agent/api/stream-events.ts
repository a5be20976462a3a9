import { epochMs, secondsBetween } from '../../core/instant.ts';
import type { ModelOutlook } from '../../core/serving/screen/outlook.ts';
import type { ScreenEvent } from '../../core/serving/screen/screen-routes.ts';
import type { Agent } from '../agent.ts';
import { describeState } from './describe-state.ts';
import { Refusal } from './refusal.ts';

/** Watchers that are served at a time: each is a connection that stays. */
const MOST_STREAMS = 32;
/** A stream ends after so long, in s, read or not: what has gone away without a word gives its place back. */
const LONGEST_SECONDS = 3_600;
/** Changes are looked for this often, in ms. */
const LOOK_EVERY_MS = 2_000;
/** Where nothing changes, a sign of life comes this often, in s: it shows a dead connection to both ends. */
const SIGN_EVERY_SECONDS = 15;

/** The free part of a disk has changed where it is another of so many. */
const DISK_STEPS = 200;

/** How many listen to each agent of this process. */
const open = new WeakMap<Agent, number>();
/** The last look of each agent: those who listen share it. */
const looks = new WeakMap<Agent, { readonly atMs: number; readonly event: Promise<ScreenEvent> }>();

/** Who listens: until when, and whether it may still be told anything. */
type Listener = { readonly gone: AbortSignal; readonly isStillAllowed: () => boolean };

/**
 * State and outlooks as server-sent events, each when it differs from the one before. Nothing is done before somebody reads, and nothing
 * after the signal, nor once the listener is no longer allowed. Throws a Refusal where too many listen.
 */
export function createEventStream(
  agent: Agent,
  { gone, isStillAllowed }: Listener,
): ReadableStream<Uint8Array> {
  const { clock } = agent.context;
  const stop = new AbortController();
  const signal = AbortSignal.any([gone, stop.signal]);
  refuseCrowd(agent);
  let hasEntered = false;
  let last = { at: clock.now(), text: '' };
  const encoder = new TextEncoder();
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      if (signal.aborted) return undefined;
      const event = await look(agent);
      if (!isStillAllowed()) return undefined;
      const [at, text] = [event.at, JSON.stringify(withoutTrifles(event))];
      if (text !== last.text) {
        last = { at, text };
        return `event: screen\ndata: ${JSON.stringify(event)}\n\n`;
      }
      if (secondsBetween(last.at, clock.now()) >= SIGN_EVERY_SECONDS) {
        last = { at: clock.now(), text };
        return `: at ${last.at}\n\n`;
      }
      await clock.wait(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  };
  const end = (controller: ReadableStreamDefaultController) => {
    if (stop.signal.aborted) return;
    stop.abort();
    controller.close();
  };
  return new ReadableStream(
    {
      pull: async (controller) => {
        if (!hasEntered) {
          enter(agent, signal);
          // Who has stopped reading pulls no more: the hour is waited for apart from that.
          const isOver = clock.wait(1_000 * LONGEST_SECONDS, signal);
          isOver.then(() => end(controller)).catch(() => undefined);
        }
        hasEntered = true;
        const text = await next();
        if (text === undefined) end(controller);
        else if (!stop.signal.aborted) controller.enqueue(encoder.encode(text));
      },
      cancel: () => stop.abort(),
    },
    { highWaterMark: 0 },
  );
}

function refuseCrowd(agent: Agent): void {
  const count = open.get(agent) ?? 0;
  if (count < MOST_STREAMS) return;
  throw new Refusal({
    status: 503,
    code: 'too-many-listen',
    message: `${count} listen to this agent, which is as many as may.`,
    remedy: 'Close pages that nobody looks at, or ask /v1/state.',
  });
}

/** Takes a place until the signal. */
function enter(agent: Agent, signal: AbortSignal): void {
  open.set(agent, (open.get(agent) ?? 0) + 1);
  const leave = () => open.set(agent, (open.get(agent) ?? 1) - 1);
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
}

/** What is no change by itself: the time, and a little of the disk. */
function withoutTrifles({ state, outlooks }: ScreenEvent): object {
  const { disk } = state;
  return {
    state: { ...state, disk: disk && Math.round((DISK_STEPS * disk.freeBytes) / disk.sizeBytes) },
    outlooks,
  };
}

function look(agent: Agent): Promise<ScreenEvent> {
  const nowMs = epochMs(agent.context.clock.now());
  const known = looks.get(agent);
  if (known !== undefined && nowMs - known.atMs < LOOK_EVERY_MS / 2) return known.event;
  const event = describeScreen(agent);
  looks.set(agent, { atMs: nowMs, event });
  return event;
}

async function describeScreen({ context, watching }: Agent): Promise<ScreenEvent> {
  const outlooks: [string, ModelOutlook][] = [];
  for (const model of Object.keys(context.store.traffic())) {
    const outlook = await watching.outlook(model);
    if (outlook !== undefined) outlooks.push([model, outlook]);
  }
  const state = await describeState(context);
  return { at: context.clock.now(), state, outlooks: Object.fromEntries(outlooks) };
}
