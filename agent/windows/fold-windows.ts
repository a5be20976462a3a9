import type { CaptureWindow } from '../../core/drift/window.ts';
import { addWindow } from '../../core/drift/windows/add-window.ts';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import type { WindowSpan } from '../store/window-table.ts';
import { readInPieces } from './read-windows.ts';

const HOUR_MS = 3_600_000;
/** So long after their end windows are folded, in s: what is wrong now is looked for in single ones. */
const FOLD_AFTER_SECONDS = { hours: 21_600, cycles: 86_400 } as const;

/** Windows looked at in one go: each is read whole for when it began. */
const PIECE = 50;

/** A stretch whose windows are made one, once it has been over for so long, in s. `keyOf` names the one that begins at an instant. */
type Fold = {
  readonly lengthMs: number;
  readonly afterSeconds: number;
  readonly keyOf: (from: string) => string;
};

/**
 * Makes one window of all those of an hour that is over, and of a cycle, per version: what is wrong now is looked for in single windows, drift is
 * judged by cycles and labels by days, and what is read each hour, here and by every monitor, is some hundred windows and not ten thousand.
 */
export async function foldWindows(context: AgentContext): Promise<void> {
  for (const { model, version } of context.store.windows.versions()) {
    for (const one of listFolds(1_000 * context.options.driftCycleSeconds)) {
      await foldVersion(context, { model, version }, one);
    }
  }
}

function listFolds(cycleMs: number): readonly Fold[] {
  // Cycle and day (UTC): windows of one are added up for drift as well as for labels.
  const cycleOf = (from: string) =>
    `${Math.floor(epochMs(from) / cycleMs)} ${from.slice(0, 'yyyy-mm-dd'.length)}`;
  const hourOf = (from: string) => `${Math.floor(epochMs(from) / HOUR_MS)} ${cycleOf(from)}`;
  return [
    { lengthMs: HOUR_MS, afterSeconds: FOLD_AFTER_SECONDS.hours, keyOf: hourOf },
    { lengthMs: cycleMs, afterSeconds: FOLD_AFTER_SECONDS.cycles, keyOf: cycleOf },
  ];
}

async function foldVersion(
  context: AgentContext,
  { model, version }: Pick<CaptureWindow, 'model' | 'version'>,
  { lengthMs, afterSeconds, keyOf }: Fold,
): Promise<void> {
  const { store, clock } = context;
  const before = addSeconds(clock.now(), -afterSeconds);
  const seqs = store.windows.numbersOf(model, version);
  // Nobody else makes windows one: what was read is so still at the end.
  const spans = await readInPieces(seqs, PIECE, (some) => store.windows.spans(some, before));
  // What was wrong in the last windows with answers was put right in one of them, or was not: that is seen in single ones alone.
  const newest = store.windows.lastAnswered(model, version);
  for (const stretch of Map.groupBy(spans, ({ from }) => keyOf(from)).values()) {
    const isOver = endOf(stretch, lengthMs) <= epochMs(before);
    const isLast = stretch.some(({ seq }) => seq === newest);
    if (stretch.length > 1 && isOver && !isLast) await fold(context, stretch);
    await breathe();
  }
}

function endOf([first]: readonly WindowSpan[], lengthMs: number): number {
  return first === undefined ? Infinity : (Math.floor(epochMs(first.from) / lengthMs) + 1) * lengthMs;
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
