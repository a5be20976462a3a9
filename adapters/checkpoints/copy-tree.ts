import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { digestOf } from '../../core/identity/digest.ts';

/** How much of a file is copied at a time. */
const CHUNK_BYTES = 4 * 1024 ** 2;

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;

/** A file of a folder as it was when it was seen. */
type SeenFile = { readonly path: string; readonly size: number; readonly changedMs: number };
/** A copy of a file, and what it holds. */
export type CopiedFile = { readonly path: string; readonly size: number; readonly digest: string };

// The folder belongs to code that may put a link where a file was: each step is taken from the folder that is open, and follows none.

/** The files of a folder, however deep, by their paths; links and all that is no file are passed over. */
export async function listTree(folder: string): Promise<readonly SeenFile[]> {
  const seen: SeenFile[] = [];
  await walk(folder, '', async (file, name) => {
    const { size, mtimeMs } = await file.stat();
    seen.push({ path: name, size, changedMs: mtimeMs });
  });
  return seen.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

/** Copies these files to `<target>/<number>`, in their order. `undefined` when one has changed since it was seen, or while it was copied. */
export async function copyTree(
  folder: string,
  files: readonly SeenFile[],
  target: string,
): Promise<readonly CopiedFile[] | undefined> {
  await mkdir(target, { recursive: true });
  const numbers = new Map(files.map((file, number) => [file.path, { ...file, number }]));
  const copied: CopiedFile[] = [];
  await walk(folder, '', async (file, name) => {
    const seen = numbers.get(name);
    if (seen === undefined) return;
    const copy = path.join(target, String(seen.number));
    const digest = await copyFile(file, copy);
    const { size, mtimeMs } = await file.stat();
    if (size === seen.size && mtimeMs === seen.changedMs) copied[seen.number] = { path: name, size, digest };
  });
  const whole = copied.filter((file) => file !== undefined);
  return whole.length === files.length ? whole : undefined;
}

async function walk(
  folder: string,
  prefix: string,
  visit: (file: FileHandle, name: string) => Promise<void>,
): Promise<void> {
  const opened = await openIn(folder, O_DIRECTORY);
  if (opened === undefined) return;
  try {
    const here = `/proc/self/fd/${opened.fd}`;
    for (const entry of await readdir(here, { withFileTypes: true })) {
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const place = `${here}/${entry.name}`;
      if (entry.isDirectory()) await walk(place, name, visit);
      else if (entry.isFile()) await visitFile(place, (file) => visit(file, name));
    }
  } finally {
    await opened.close();
  }
}

async function visitFile(place: string, visit: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await openIn(place, O_NONBLOCK);
  if (file === undefined) return;
  try {
    if ((await file.stat()).isFile()) await visit(file);
  } finally {
    await file.close();
  }
}

/** What is gone meanwhile, or has become a link, is not there. */
function openIn(place: string, flags: number): Promise<FileHandle | undefined> {
  return open(place, O_RDONLY | O_NOFOLLOW | flags).catch(() => undefined);
}

async function copyFile(file: FileHandle, copy: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const target = await open(copy, 'w', 0o600);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await target.writeFile(chunk);
    }
  } finally {
    await target.close();
  }
  return digestOf(hash.digest('hex'));
}
