import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes taken of one file at one look; the next one goes on from there. */
const MAX_BYTES = 8 * 2 ** 20;

/** The whole lines appended to a file after `offset`, and where to go on. A file that was begun anew is read from its start. */
export function followLog(
  file: string,
  offset: number,
): { readonly lines: readonly string[]; readonly offset: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const from = size < offset ? 0 : offset;
  const bytes = Buffer.alloc(Math.min(MAX_BYTES, size - from));
  if (bytes.length === 0) return { lines: [], offset: from };
  const descriptor = openSync(file, 'r');
  try {
    const read = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from));
    const end = read.lastIndexOf(10) + 1;
    const text = read.subarray(0, end).toString();
    return { lines: text.split('\n').filter((line) => line !== ''), offset: from + end };
  } finally {
    closeSync(descriptor);
  }
}
