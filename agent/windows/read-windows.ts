import { type CaptureWindow, captureWindowSchema } from '../../core/drift/window.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import type { WindowAnswers } from '../store/window-table.ts';

/** Windows read in one go: a few ms of work. */
const PIECE = 8;
/** Reading is begun so often before it is done in one go. */
const MOST_TRIES = 4;

/** Every kept window of one version, oldest first. */
export async function readWindows(
  { store: { windows } }: Pick<AgentContext, 'store'>,
  model: string,
  version: string,
): Promise<readonly CaptureWindow[]> {
  return readSteadily(
    () => windows.numbersOf(model, version),
    (seqs) => windows.texts(seqs).map((text) => captureWindowSchema.parse(JSON.parse(text))),
  );
}

/** Windows of a model after `seq`, oldest first, at most a page, as JSON texts. */
export async function readTextsAfter(
  { store: { windows } }: Pick<AgentContext, 'store'>,
  model: string,
  seq: number,
): Promise<readonly string[]> {
  return readSteadily(() => windows.numbersAfter(model, seq), windows.texts);
}

/** What was answered in every kept window of one version, oldest first. */
export async function readAnswers(
  { store: { windows } }: Pick<AgentContext, 'store'>,
  model: string,
  version: string,
): Promise<readonly WindowAnswers[]> {
  return readSteadily(() => windows.numbersOf(model, version), windows.answers);
}

/**
 * Reads windows a few at a time, as they all were at one instant. Where some become one meanwhile, what was read before would be told again in
 * the one that stands for them. That takes numbers away: then all is read anew, and at last in one go.
 */
async function readSteadily<T>(
  list: () => readonly number[],
  read: (seqs: readonly number[]) => readonly T[],
): Promise<readonly T[]> {
  for (let tried = 0; tried < MOST_TRIES; tried += 1) {
    const seqs = list();
    const found = await readInPieces(seqs, PIECE, read);
    const now = list();
    if (seqs.every((seq, index) => seq === now[index])) return found;
  }
  return read(list());
}

/** Reads windows so many at a time; everything else that waits in this process has its turn before each of these pieces. */
export async function readInPieces<T>(
  seqs: readonly number[],
  size: number,
  read: (seqs: readonly number[]) => readonly T[],
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let from = 0; from < seqs.length; from += size) {
    await breathe();
    found.push(...read(seqs.slice(from, from + size)));
  }
  return found;
}
