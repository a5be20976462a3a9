import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { UnreadableError } from './unreadable.ts';

const [END, END_64, ENTRY, LOCAL] = [0x06054b50, 0x06064b50, 0x02014b50, 0x04034b50];
const [END_SIZE, LOCATOR_SIZE, END_64_SIZE, ENTRY_SIZE, LOCAL_SIZE] = [22, 20, 56, 46, 30];
/** The longest comment that may stand behind the end. */
const MOST_COMMENT = 65_535;
const IN_EXTRA = 0xffffffff;
const EXTRA_64 = 0x0001;
const [STORED, DEFLATED] = [0, 8];
/** A column of labels or ids larger than this, in bytes, is none. */
const MOST_BYTES = 2 ** 30;
const MOST_ENTRIES_BYTES = 2 ** 26;

type Entry = { readonly method: number; readonly packed: number; readonly size: number; readonly at: number };

/** A zip file open for reading, by the names of its entries. */
type Zip = {
  readonly names: readonly string[];
  /** The unpacked bytes of an entry. Rejects with an UnreadableError when there are too many, or the entry is not whole. */
  readonly read: (name: string) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** Opens a zip file. Rejects with an UnreadableError when it is none. */
export async function openZip(file: string): Promise<Zip> {
  const handle = await open(file);
  try {
    const entries = await readEntries(handle);
    return {
      names: [...entries.keys()],
      read: async (name) => {
        const entry = entries.get(name);
        if (entry === undefined) throw new UnreadableError(`it has no ${name}`);
        return unpack(handle, name, entry);
      },
      close: () => handle.close(),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function readEntries(handle: FileHandle): Promise<ReadonlyMap<string, Entry>> {
  const { count, size, at } = await findDirectory(handle);
  if (size > MOST_ENTRIES_BYTES) throw new UnreadableError('its list of entries is too long');
  const directory = await readBytes(handle, at, size);
  const entries = new Map<string, Entry>();
  for (let index = 0, from = 0; index < count; index += 1) {
    if (directory.length < from + ENTRY_SIZE || directory.readUInt32LE(from) !== ENTRY) throw torn();
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(from + field));
    const behindName = from + ENTRY_SIZE + (name ?? 0);
    const sizes = [24, 20, 42].map((field) => directory.readUInt32LE(from + field));
    const [unpacked = 0, packed = 0, local = 0] = widen(
      sizes,
      directory.subarray(behindName, behindName + (extra ?? 0)),
    );
    const method = directory.readUInt16LE(from + 10);
    entries.set(directory.toString('utf8', from + ENTRY_SIZE, behindName), {
      method,
      packed,
      size: unpacked,
      at: local,
    });
    from = behindName + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

/** Numbers that did not fit into 32 bits stand in an extra field, in the same order. */
function widen(sizes: readonly number[], extra: Buffer): readonly number[] {
  if (!sizes.includes(IN_EXTRA)) return sizes;
  for (let from = 0; from + 4 <= extra.length; from += 4 + extra.readUInt16LE(from + 2)) {
    if (extra.readUInt16LE(from) !== EXTRA_64) continue;
    let at = from + 4;
    return sizes.map((value) => {
      if (value !== IN_EXTRA) return value;
      at += 8;
      return Number(extra.readBigUInt64LE(at - 8));
    });
  }
  throw torn();
}

type Directory = { readonly count: number; readonly size: number; readonly at: number };

async function findDirectory(handle: FileHandle): Promise<Directory> {
  const { size: length } = await handle.stat();
  const tailAt = Math.max(0, length - END_SIZE - MOST_COMMENT);
  const tail = await readBytes(handle, tailAt, length - tailAt);
  for (let from = tail.length - END_SIZE; from >= 0; from -= 1) {
    if (tail.readUInt32LE(from) !== END) continue;
    const count = tail.readUInt16LE(from + 10);
    const [size, at] = [tail.readUInt32LE(from + 12), tail.readUInt32LE(from + 16)];
    if (count !== 0xffff && size !== IN_EXTRA && at !== IN_EXTRA) return { count, size, at };
    const locator = await readBytes(handle, tailAt + from - LOCATOR_SIZE, LOCATOR_SIZE);
    const end = await readBytes(handle, Number(locator.readBigUInt64LE(8)), END_64_SIZE);
    if (end.readUInt32LE(0) !== END_64) break;
    const [wideCount, wideSize, wideAt] = [32, 40, 48].map((field) => Number(end.readBigUInt64LE(field)));
    return { count: wideCount ?? 0, size: wideSize ?? 0, at: wideAt ?? 0 };
  }
  throw torn();
}

async function unpack(
  handle: FileHandle,
  name: string,
  { method, packed, size, at }: Entry,
): Promise<Buffer> {
  if (size > MOST_BYTES || packed > MOST_BYTES)
    throw new UnreadableError(`${name} is larger than ${MOST_BYTES} bytes`);
  const local = await readBytes(handle, at, LOCAL_SIZE);
  if (local.readUInt32LE(0) !== LOCAL) throw torn();
  const from = at + LOCAL_SIZE + local.readUInt16LE(26) + local.readUInt16LE(28);
  const bytes = await readBytes(handle, from, packed);
  if (method === STORED) return bytes;
  if (method !== DEFLATED)
    throw new UnreadableError(`${name} is packed in a way that is not known (${method})`);
  const unpacked = await promisify(inflateRaw)(bytes, { maxOutputLength: Math.max(1, size) });
  if (unpacked.length !== size) throw torn();
  return unpacked;
}

async function readBytes(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  if (at < 0 || length < 0) throw torn();
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  if (bytesRead !== length) throw torn();
  return buffer;
}

function torn(): UnreadableError {
  return new UnreadableError('it is no whole zip file');
}
