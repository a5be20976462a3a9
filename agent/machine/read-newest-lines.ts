import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 65_536;

/**
 * The last lines of a file, at most so many, without the empty ones: read from its end, and no further than they reach. None where there is
 * no file.
 */
export function readNewestLines(file: string, most: number): readonly string[] {
  const handle = open(file);
  if (handle === undefined) return [];
  try {
    let bytes = Buffer.alloc(0);
    let lines: readonly string[] = [];
    // One more than is asked for: the first may have begun earlier.
    for (let at = fstatSync(handle).size; at > 0 && lines.length <= most; ) {
      const part = Buffer.alloc(Math.min(CHUNK_BYTES, at));
      at -= part.length;
      readSync(handle, part, 0, part.length, at);
      bytes = Buffer.concat([part, bytes]);
      lines = bytes
        .toString()
        .split('\n')
        .filter((line) => line !== '');
    }
    return lines.slice(Math.max(0, lines.length - most));
  } finally {
    closeSync(handle);
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
