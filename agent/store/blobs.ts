import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestHex, digestOf, hexSchema } from '../../core/identity/digest.ts';
import { err, ok, type Result } from '../../core/result.ts';

export type BlobProblem =
  | { readonly kind: 'digest-mismatch'; readonly found: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'disk-full' };

export type BlobLimits = {
  readonly maxPackageBytes: number;
  /** Free space on the disk below which nothing more is taken, in bytes: what serves needs room for its counts and logs. */
  readonly reserveBytes: number;
};

/** Files named by the SHA-256 of their content. A file that is there is whole and was verified when it came. */
export type Blobs = {
  readonly path: (digest: string) => string;
  readonly has: (digest: string) => boolean;
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
  /** Deletes every blob that is not kept and was not written since `olderThan` (ms since 1970). Gives how many. */
  readonly prune: (keep: ReadonlySet<string>, olderThan: number) => number;
};

/** Opens the store of blobs in a folder, dropping what an interrupted upload left. */
export function openBlobs(folder: string, limits: BlobLimits): Blobs {
  const incoming = join(folder, 'incoming');
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  const path = (digest: string) => join(folder, digestHex(digest));
  const has = (digest: string) => sizeOf(path(digest)) !== undefined;
  return {
    path,
    has,
    read: (digest) => readFile(path(digest)),
    readNow: (digest) => readFileSync(path(digest), 'utf8'),
    put: async (digest, content) => {
      const temporary = join(incoming, randomUUID());
      try {
        if ((await freeBytes(folder)) < limits.reserveBytes) return err({ kind: 'disk-full' });
        const found = await writeHashed(content, temporary, limits.maxPackageBytes);
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
    prune: (keep, olderThan) => {
      const old = readdirSync(folder).filter((name) => {
        const age = hexSchema.safeParse(name).success ? statSync(join(folder, name)).mtimeMs : Infinity;
        return age < olderThan && !keep.has(digestOf(name));
      });
      for (const name of old) rmSync(join(folder, name));
      return old.length;
    },
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Gives the digest of what was written. */
async function writeHashed(
  content: AsyncIterable<Uint8Array>,
  file: string,
  maxBytes: number,
): Promise<Result<string, BlobProblem>> {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.byteLength;
      hash.update(chunk);
      done(bytes > maxBytes ? new Error('too large') : null, chunk);
    },
  });
  try {
    await pipeline(content, meter, createWriteStream(file, { mode: 0o600, flush: true }));
  } catch (thrown) {
    if (bytes > maxBytes) return err({ kind: 'too-large' });
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')
      return err({ kind: 'disk-full' });
    throw thrown;
  }
  return ok(digestOf(hash.digest('hex')));
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
