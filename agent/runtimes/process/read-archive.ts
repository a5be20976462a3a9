import { type FileHandle, open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

/** A file of an archive, and how its content is found. */
type Entry = {
  readonly name: string;
  readonly method: number;
  readonly start: number;
  readonly size: number;
};

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
/** What is written in the place of a size that needs 64 bits. */
const ELSEWHERE = 0xffffffff;
const ZIP64_FIELD = 1;
/** Bit of an entry whose sizes stand behind its content: a reader that goes from entry to entry can't be sure where that ends. */
const SIZES_BEHIND = 1 << 3;
/** No file that is read here is larger when unpacked. */
const MOST_BYTES = 4 * 1024 ** 2;

/** A name that leads out of the folder an archive is unpacked in, or that another system reads in another way. */
const ASTRAY = /(^|\/)\.\.?(\/|$)|^\/|\\|\0/;

/**
 * The content of those files of a zip archive that `wanted` chooses. Throws for an archive that two readers could
 * read in two ways: one goes from entry to entry, as Java does, another by the list at the end, as Python does.
 */
export async function readArchive(
  file: string,
  wanted: (name: string) => boolean,
): Promise<ReadonlyMap<string, Buffer>> {
  const handle = await open(file);
  try {
    const { entries, end } = await readEntries(handle);
    const names = entries.map(({ name }) => name);
    if (new Set(names).size !== names.length) throw new Error('It holds two files of one name.');
    const astray = names.find((name) => ASTRAY.test(name));
    if (astray !== undefined) throw new Error(`It holds ${JSON.stringify(astray)}.`);
    await compareWithList(handle, names, end);
    const contents = new Map<string, Buffer>();
    for (const entry of entries.filter(({ name }) => wanted(name))) {
      contents.set(entry.name, await readContent(handle, entry));
    }
    return contents;
  } finally {
    await handle.close();
  }
}

async function readEntries(
  handle: FileHandle,
): Promise<{ readonly entries: readonly Entry[]; readonly end: number }> {
  const entries: Entry[] = [];
  let position = 0;
  for (;;) {
    const head = await readBytes(handle, position, LOCAL_BYTES);
    if (head.readUInt32LE(0) !== LOCAL_HEADER) return { entries, end: position };
    if ((head.readUInt16LE(6) & SIZES_BEHIND) !== 0)
      throw new Error('It holds a file whose size stands behind it.');
    const [nameBytes, extraBytes] = [head.readUInt16LE(26), head.readUInt16LE(28)];
    const tail = await readBytes(handle, position + LOCAL_BYTES, nameBytes + extraBytes);
    const size = sizeOf(head.readUInt32LE(18), tail.subarray(nameBytes));
    const start = position + LOCAL_BYTES + nameBytes + extraBytes;
    const name = tail.subarray(0, nameBytes).toString();
    entries.push({ name, method: head.readUInt16LE(8), start, size });
    position = start + size;
  }
}

/** The packed size; of a large file, that of the field for it, whose second number it is. */
function sizeOf(written: number, extra: Buffer): number {
  if (written !== ELSEWHERE) return written;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === ZIP64_FIELD) return Number(extra.readBigUInt64LE(at + 12));
  }
  throw new Error('It holds a file without a size.');
}

async function compareWithList(handle: FileHandle, names: readonly string[], start: number): Promise<void> {
  let position = start;
  for (const name of names) {
    const head = await readBytes(handle, position, CENTRAL_BYTES);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((at) => head.readUInt16LE(at));
    const bytes = await readBytes(handle, position + CENTRAL_BYTES, nameBytes ?? 0);
    if (head.readUInt32LE(0) !== CENTRAL_HEADER || bytes.toString() !== name)
      throw new Error(`Its list of files does not name ${name} where it holds it.`);
    position += CENTRAL_BYTES + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  if ((await readBytes(handle, position, 4)).readUInt32LE(0) === CENTRAL_HEADER)
    throw new Error('Its list names a file that it does not hold.');
}

async function readContent(handle: FileHandle, { name, method, start, size }: Entry): Promise<Buffer> {
  if (size > MOST_BYTES) throw new Error(`${name} is too large.`);
  const packed = await readBytes(handle, start, size);
  return method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: MOST_BYTES });
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('It ends in the middle.');
  return buffer;
}
