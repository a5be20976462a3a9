import type { CaptureWindow } from '../../core/drift/window.ts';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import type { WindowSpan } from '../store/window-table.ts';
import { addWindow } from './add-window.ts';

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
    sum = sum === undefined ? window : addWindow(sum, window);
    await breathe();
  }
  if (sum === undefined) return;
  const { seq: _seq, hostId: _hostId, ...folded } = sum;
  store.windows.replace(spans, folded);
}
