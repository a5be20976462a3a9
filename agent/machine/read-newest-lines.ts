import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 65_536;

const LINE_FEED = 10;

/**
 * The last lines of a file, at most so many, without the empty ones: read from its end, and no further than they reach, nor than `mostBytes`.
 * A line that began before those is left out. None where there is no file. Throws where it can't be read.
 */
export function readNewestLines(file: string, most: number, mostBytes: number): readonly string[] {
  const handle = open(file);
  if (handle === undefined) return [];
  try {
    const { size } = fstatSync(handle);
    const parts: Buffer[] = [];
    let [at, begun] = [size, 0];
    while (at > 0 && begun < most && size - at < mostBytes) {
      const part = Buffer.alloc(Math.min(CHUNK_BYTES, at, mostBytes - (size - at)));
      at -= part.length;
      readSync(handle, part, 0, part.length, at);
      begun += countBeginnings(part, parts.at(-1)?.[0]);
      parts.push(part);
    }
    const texts = Buffer.concat(parts.toReversed()).toString().split('\n');
    const lines = (at > 0 ? texts.slice(1) : texts).filter((line) => line !== '');
    return lines.slice(Math.max(0, lines.length - most));
  } finally {
    closeSync(handle);
  }
}

/** How many lines that are not empty begin behind a line feed of these bytes, with the byte that comes after them. */
function countBeginnings(bytes: Buffer, after: number | undefined): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
    const first = bytes[at + 1] ?? after;
    if (first !== undefined && first !== LINE_FEED) count += 1;
  }
  return count;
}

function open(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
