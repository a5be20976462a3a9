import { createHash } from 'node:crypto';
import type { Blobs } from '../../../agent/store/blobs.ts';
import { digestOf } from '../../../core/identity/digest.ts';
import { err, ok } from '../../../core/result.ts';
import type { Actor, Scheduler } from '../scheduler.ts';

/** The packages on a host's disk, by digest. They outlive the agent. */
export type Shelf = Map<string, { readonly bytes: Buffer; readonly usedAt: number }>;

type Options = {
  readonly time: Scheduler;
  readonly shelf: Shelf;
  readonly isFull: () => boolean;
  readonly isSlow: () => boolean;
};

const ROOM_BYTES = 2 ** 36;
/** A large payload takes so long to read again on a disk that is busy. */
const SLOW_READ_MS = 20_000;

/** A host's blobs without a disk, as one process of its agent uses them. */
export function openShelf({ time, shelf, isFull, isSlow }: Options, actor: Actor): Blobs {
  const bytesOf = (digest: string): Buffer => {
    const found = shelf.get(digest);
    if (found === undefined) throw new Error(`ENOENT: no such file, open '${digest}'`);
    return found.bytes;
  };
  return {
    path: (digest) => `/packages/${digest}`,
    has: (digest) => shelf.has(digest),
    size: (digest) => shelf.get(digest)?.bytes.length,
    put: async (digest, content) => {
      if (isFull()) return err({ kind: 'disk-full' });
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      await time.sleep(isSlow() ? SLOW_READ_MS : 20, actor);
      const bytes = Buffer.concat(parts);
      const found = digestOf(createHash('sha256').update(bytes).digest('hex'));
      if (found !== digest) return err({ kind: 'digest-mismatch', found });
      shelf.set(digest, { bytes, usedAt: time.now() });
      return ok(undefined);
    },
    read: async (digest) => bytesOf(digest),
    readNow: (digest) => bytesOf(digest).toString('utf8'),
    verify: async (digest) => {
      await time.sleep(isSlow() ? SLOW_READ_MS : 10, actor);
      return shelf.has(digest);
    },
    list: () => [...shelf].map(([digest, { bytes, usedAt }]) => ({ digest, size: bytes.length, usedAt })),
    touch: (digest, at) => {
      const known = shelf.get(digest);
      if (known !== undefined) shelf.set(digest, { ...known, usedAt: at });
    },
    remove: (digest) => void shelf.delete(digest),
    room: async () => (isFull() ? 0 : ROOM_BYTES),
    disk: async () => ({ sizeBytes: ROOM_BYTES, freeBytes: isFull() ? 0 : ROOM_BYTES }),
  };
}
