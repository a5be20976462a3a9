import { setTimeout as sleep } from 'node:timers/promises';
import { renderFleet } from '../../core/serving/fleet/render-fleet.ts';
import { type FleetView, viewFleet } from '../../core/serving/fleet/view-fleet.ts';
import type { Printer, Terminal } from '../surroundings.ts';
import { type WatchedHost, watchHosts } from './watch-hosts.ts';

/** Each host has so long to say something where it is asked once, in ms. */
const PATIENCE_MS = 15_000;
/** Where nothing changes, ages are said anew this often, in ms. */
const REDRAW_MS = 1_000;
/** What ends the live table: q, Ctrl-C and Ctrl-D, which a terminal in raw mode gives as they are. */
const QUIT: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);
/** A file takes lines of any length. */
const ANY_WIDTH = Number.MAX_SAFE_INTEGER;

/** Asks each host once and prints what they say, as a table or as one line of JSON. Gives 1 where one is silent. */
export async function showOnce(
  hosts: readonly WatchedHost[],
  { print, asJson }: { readonly print: Printer; readonly asJson: boolean },
): Promise<number> {
  const stop = new AbortController();
  const settled = Promise.withResolvers<void>();
  const look = (): FleetView => viewFleet(watch.sights(), Date.now());
  const watch = watchHosts(
    hosts,
    () => {
      if (look().hosts.every(({ state }) => state !== 'waiting')) settled.resolve();
    },
    stop.signal,
  );
  await Promise.race([settled.promise, sleep(PATIENCE_MS, undefined, { signal: stop.signal })]);
  const view = withoutWaiting(look());
  stop.abort();
  if (asJson) print.line(JSON.stringify(view));
  else for (const line of renderFleet(view, ANY_WIDTH)) print.line(line);
  return view.hosts.every(({ state }) => state === 'live') ? 0 : 1;
}

/** A host that has said nothing in its time is silent: absence is never health. */
function withoutWaiting({ at, hosts }: FleetView): FleetView {
  const why = `It has said nothing for ${PATIENCE_MS / 1_000} s.`;
  return {
    at,
    hosts: hosts.map((one) => (one.state === 'waiting' ? { ...one, state: 'silent', since: at, why } : one)),
  };
}

/** Shows the table until a person ends it, anew at each change. */
export async function showLive(hosts: readonly WatchedHost[], terminal: Terminal): Promise<void> {
  const stop = new AbortController();
  const draw = () => {
    const lines = renderFleet(viewFleet(watch.sights(), Date.now()), terminal.columns());
    terminal.show([...lines, '', 'q ends']);
  };
  const watch = watchHosts(hosts, () => draw(), stop.signal);
  const release = terminal.onKey((key) => {
    if ([...key].some((one) => QUIT.has(one))) stop.abort();
  });
  try {
    while (!stop.signal.aborted) {
      draw();
      await sleep(REDRAW_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    release();
  }
}
