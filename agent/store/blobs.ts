import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { digestHex, digestOf, hexSchema } from '../../core/identity/digest.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { DiskSpace } from '../../core/serving/api.ts';

/** A look at the disk's free space is taken after so many bytes of an upload. */
const LOOK_EVERY_BYTES = 64 * 2 ** 20;

export type BlobProblem =
  | { readonly kind: 'digest-mismatch'; readonly found: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'disk-full' };

type BlobLimits = {
  readonly maxPackageBytes: number;
  /** Free space on the disk below which nothing more is taken, in bytes: what serves needs room for its counts and logs. */
  readonly reserveBytes: number;
};

/** Files named by the SHA-256 of their content. A file that is there is whole and was verified when it came. */
export type Blobs = {
  readonly path: (digest: string) => string;
  readonly has: (digest: string) => boolean;
  /** In bytes; `undefined` where there is no such file. */
  readonly size: (digest: string) => number | undefined;
  /** Streams to disk, checking digest, size and free space on the way; nothing is left behind when they do not fit. */
  readonly put: (
    digest: string,
    content: AsyncIterable<Uint8Array>,
  ) => Promise<Result<undefined, BlobProblem>>;
  readonly read: (digest: string) => Promise<Buffer>;
  /** The same for a small text, at once. */
  readonly readNow: (digest: string) => string;
  /** Reads the whole file again and says whether it is still what its name says. */
  readonly verify: (digest: string) => Promise<boolean>;
  readonly list: () => readonly BlobFile[];
  /** Says that a file was asked for (ms since 1970). */
  readonly touch: (digest: string, at: number) => void;
  readonly remove: (digest: string) => void;
  /** Bytes that may be taken yet. */
  readonly room: () => Promise<number>;
  /** The disk that holds them, in bytes; free is what the agent's user may write, the reserve among it. */
  readonly disk: () => Promise<DiskSpace>;
};

/** A file, in bytes, and when it was written or last asked for (ms since 1970). */
export type BlobFile = { readonly digest: string; readonly size: number; readonly usedAt: number };

/** Opens the store of blobs in a folder, dropping what an interrupted upload left. */
export function openBlobs(folder: string, limits: BlobLimits): Blobs {
  const incoming = join(folder, 'incoming');
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  const path = (digest: string) => join(folder, digestHex(digest));
  const size = (digest: string) => sizeOf(path(digest));
  const has = (digest: string) => size(digest) !== undefined;
  const disk = () => measureDisk(folder);
  const room = async () => (await disk()).freeBytes - limits.reserveBytes;
  return {
    ...{ path, has, size },
    read: (digest) => readFile(path(digest)),
    readNow: (digest) => readFileSync(path(digest), 'utf8'),
    put: async (digest, content) => {
      const temporary = join(incoming, randomUUID());
      try {
        if ((await room()) <= 0) return err({ kind: 'disk-full' });
        const found = await writeHashed(content, temporary, { maxBytes: limits.maxPackageBytes, room });
        if (!found.ok) return found;
        if (found.value !== digest) return err({ kind: 'digest-mismatch', found: found.value });
        await rename(temporary, path(digest));
        return ok(undefined);
      } finally {
        await rm(temporary, { force: true });
      }
    },
    verify: async (digest) => {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path(digest)), hash);
      return digestOf(hash.digest('hex')) === digest;
    },
    list: () => listFiles(folder),
    touch: (digest, at) => utimesSync(path(digest), at / 1_000, at / 1_000),
    remove: (digest) => rmSync(path(digest), { force: true }),
    room,
    disk,
  };
}

/** The disk of a folder, in bytes; free is what this user may write. */
export async function measureDisk(folder: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
}

function listFiles(folder: string): readonly BlobFile[] {
  return readdirSync(folder).flatMap((name) => {
    const stat = hexSchema.safeParse(name).success
      ? statSync(join(folder, name), { throwIfNoEntry: false })
      : undefined;
    return stat === undefined ? [] : [{ digest: digestOf(name), size: stat.size, usedAt: stat.mtimeMs }];
  });
}

type WriteLimits = { readonly maxBytes: number; readonly room: () => Promise<number> };

/** Gives the digest of what was written. Others write to the disk meanwhile, so that room is looked for again on the way. */
async function writeHashed(
  content: AsyncIterable<Uint8Array>,
  file: string,
  { maxBytes, room }: WriteLimits,
): Promise<Result<string, BlobProblem>> {
  const hash = createHash('sha256');
  let problem: BlobProblem | undefined;
  const meter = async function* (chunks: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    let lookAt = LOOK_EVERY_BYTES;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) problem = { kind: 'too-large' };
      else if (bytes >= lookAt) {
        lookAt += LOOK_EVERY_BYTES;
        if ((await room()) <= 0) problem = { kind: 'disk-full' };
      }
      if (problem !== undefined) throw new Error(problem.kind);
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(content, meter, createWriteStream(file, { mode: 0o600, flush: true }));
  } catch (thrown) {
    if (problem !== undefined) return err(problem);
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')
      return err({ kind: 'disk-full' });
    throw thrown;
  }
  return ok(digestOf(hash.digest('hex')));
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
