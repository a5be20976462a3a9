import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'users.log';
/** A log that has been read this far is emptied, in bytes: it holds who has asked, and is needed no longer. */
const LARGEST_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** One answered or broken off request of a user, by the proxy's account. */
export type UserRequest = {
  readonly model: string;
  readonly user: string;
  readonly outcome: 'answered' | 'error' | 'refused';
  /** From the first byte of the request to the last one of the answer. */
  readonly milliseconds: number;
};

/** What the proxy writes of each request beside its user, as its format commands. `flags` holds UO where the version had no room for it. */
export const USER_LOG_FORMAT = {
  cluster: '%UPSTREAM_CLUSTER%',
  status: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  milliseconds: '%DURATION%',
} as const;

const lineSchema = z.object({
  user: z.string(),
  cluster: z.string(),
  status: z.number(),
  flags: z.string().nullish(),
  milliseconds: z.number(),
});

/** Where the proxy writes who has asked, in its folder. */
export function userLogFile(folder: string): string {
  return join(folder, FILE);
}

/** Reads what the proxy has written of its users since it was asked last; from now on at first. */
export function createUserLog(folder: string): () => readonly UserRequest[] {
  const file = userLogFile(folder);
  let offset = sizeOf(file);
  let rest = '';
  return () => {
    const size = sizeOf(file);
    if (size < offset) {
      offset = 0;
      rest = '';
    }
    const text = rest + readFrom(file, offset, size);
    offset = size;
    const lines = text.split('\n');
    rest = lines.pop() ?? '';
    if (offset > LARGEST_BYTES) {
      truncateSync(file);
      offset = 0;
    }
    return lines.flatMap(readLine);
  };
}

function readLine(line: string): readonly UserRequest[] {
  const parsed = lineSchema.safeParse(parseJson(line));
  if (!parsed.success) return [];
  const { user, cluster, status, flags, milliseconds } = parsed.data;
  const [model, version] = cluster.split('@');
  // Requests that pin a version were dealt by whoever sent them.
  if (model === undefined || version === undefined || !/^\d+$/.test(version)) return [];
  return [{ model, user, outcome: outcomeOf(status, flags ?? ''), milliseconds }];
}

function outcomeOf(status: number, flags: string): UserRequest['outcome'] {
  if (status === 0 || status >= 500 || flags.includes('UO')) return 'error';
  return status >= 400 ? 'refused' : 'answered';
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(file: string, from: number, to: number): string {
  if (to <= from) return '';
  const handle = openSync(file, 'r');
  try {
    const parts: Buffer[] = [];
    for (let at = from; at < to; ) {
      const part = Buffer.alloc(Math.min(CHUNK_BYTES, to - at));
      const read = readSync(handle, part, 0, part.length, at);
      if (read === 0) break;
      parts.push(part.subarray(0, read));
      at += read;
    }
    return Buffer.concat(parts).toString();
  } finally {
    closeSync(handle);
  }
}
