import { type CaptureWindow, HOURS_PER_DAY } from '../../core/drift/window.ts';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import type { WindowSpan } from '../store/window-table.ts';
import { combineCounts } from './combine-counts.ts';

/** A cycle that has been over for so long is folded, in s: what is wrong now is looked for in single windows. */
const FOLD_AFTER_SECONDS = 86_400;

/**
 * Makes one window of all those of a cycle that is over, per version: drift is judged by cycles and labels by days, and what is read
 * each hour, here and by every monitor, is some hundred windows and not ten thousand.
 */
export async function foldWindows(context: AgentContext): Promise<void> {
  const { store, clock, options } = context;
  const before = addSeconds(clock.now(), -FOLD_AFTER_SECONDS);
  const cycleMs = 1_000 * options.driftCycleSeconds;
  for (const { model, version } of store.windows.versions()) {
    const spans = store.windows.spans(model, version, before);
    for (const cycle of Map.groupBy(spans, ({ from }) => cycleOf(from, cycleMs)).values()) {
      const isOver = endOf(cycle, cycleMs) <= epochMs(before);
      if (cycle.length > 1 && isOver) await fold(context, cycle);
      await breathe();
    }
  }
}

/** Cycle and day (UTC): windows of one are added up for drift as well as for labels. */
function cycleOf(from: string, cycleMs: number): string {
  return `${Math.floor(epochMs(from) / cycleMs)} ${from.slice(0, 'yyyy-mm-dd'.length)}`;
}

function endOf([first]: readonly WindowSpan[], cycleMs: number): number {
  return first === undefined ? Infinity : (Math.floor(epochMs(first.from) / cycleMs) + 1) * cycleMs;
}

async function fold({ store }: AgentContext, spans: readonly WindowSpan[]): Promise<void> {
  let sum: CaptureWindow | undefined;
  for (const { seq } of spans) {
    const window = store.windows.bySeq(seq);
    if (window === undefined) continue;
    sum = sum === undefined ? window : add(sum, window);
    await breathe();
  }
  if (sum === undefined) return;
  const { seq: _seq, hostId: _hostId, ...folded } = sum;
  store.windows.replace(spans, folded);
}

/** The later window behind the sum of the earlier ones. */
function add(sum: CaptureWindow, window: CaptureWindow): CaptureWindow {
  const [before, after] = [hoursOf(sum), hoursOf(window)];
  const hours = before.map((n, hour) => n + (after[hour] ?? 0));
  return { ...sum, to: window.to, ...combineCounts(sum, window, 1), hours };
}

/** Predictions by hour of the day: nights and Sundays are told by them once the windows themselves are gone. */
function hoursOf({ hours, from, n }: CaptureWindow): readonly number[] {
  if (hours !== undefined) return hours;
  const own = new Date(epochMs(from)).getUTCHours();
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) => (hour === own ? n : 0));
}
