import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Room that is kept beside a file for its next content unless told, in bytes: more than the proxy's files have with a few dozen versions. */
const SPARE_BYTES = 262_144;
/** The disk is full, or this user's part of it. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file beside it, then a rename. On a full disk
 * the new content takes the room that was kept for it. Throws where there was none.
 */
export function writeAtomically(file: string, content: string, { spareBytes = SPARE_BYTES } = {}): void {
  mkdirSync(dirname(file), { recursive: true });
  const [temporary, spare] = [`${file}.new`, `${file}.spare`];
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
  } catch (thrown) {
    if (!isFull(thrown) || !existsSync(spare)) throw thrown;
    rmSync(temporary, { force: true });
    overwrite(spare, content);
    renameSync(spare, temporary);
  }
  renameSync(temporary, file);
  keepRoom(spare, spareBytes);
}

/** Over the blocks that the file has: a disk that copies what is written needs room all the same. */
function overwrite(file: string, content: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    ftruncateSync(descriptor, writeSync(descriptor, content, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Nothing is lost where there is no room for it yet: it is tried again at the next change. */
function keepRoom(spare: string, bytes: number): void {
  if (statSync(spare, { throwIfNoEntry: false })?.size === bytes) return;
  try {
    writeFileSync(spare, Buffer.alloc(bytes), { mode: 0o600 });
  } catch (thrown) {
    rmSync(spare, { force: true });
    if (!isFull(thrown)) throw thrown;
  }
}

function isFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && FULL.has(thrown.code);
}
