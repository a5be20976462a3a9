import type { FileHandle } from 'node:fs/promises';
import { readBytes } from './read-bytes.ts';
import { readSizes } from './read-sizes.ts';

/** A file of an archive as its own header says it, and where its content is. */
export type Entry = {
  readonly name: string;
  /** What its header and the list both hold: flags, method, time and checksum, as they are written. */
  readonly common: Buffer;
  readonly isStored: boolean;
  /** Where its header begins, and where its content does. */
  readonly offset: number;
  readonly start: number;
  /** In bytes: as it lies in the archive, and unpacked. */
  readonly packedSize: number;
  readonly size: number;
};

const LOCAL_HEADER = 0x04034b50;
const LOCAL_BYTES = 30;
/** Written as it is, or by deflate: Java knows no other way. */
const STORED = 0;
const DEFLATED = 8;
/** The one flag that changes nothing for a reader: the name is UTF-8. Others say that it is encrypted, or its sizes stand behind it. */
const UTF8_NAME = 1 << 11;
/** A name that leads out of the folder an archive is unpacked in, is a folder's, or that another system reads in another way. */
const ASTRAY = /(^|\/)(\.\.?)?(\/|$)|\\|\0/;

/**
 * The files of an archive as Java finds them: one header after the other, from its first byte on. `end` is where they end. Throws for
 * one whose content another reader could end elsewhere.
 */
export async function walkEntries(
  handle: FileHandle,
): Promise<{ readonly entries: readonly Entry[]; readonly end: number }> {
  const entries: Entry[] = [];
  const names = new Set<string>();
  let position = 0;
  for (;;) {
    const entry = await readEntry(handle, position);
    if (entry === undefined) return { entries, end: position };
    if (names.has(entry.name)) throw new Error('It holds two files of one name.');
    names.add(entry.name);
    entries.push(entry);
    position = entry.start + entry.packedSize;
  }
}

async function readEntry(handle: FileHandle, offset: number): Promise<Entry | undefined> {
  const head = await readBytes(handle, offset, LOCAL_BYTES);
  if (head.readUInt32LE(0) !== LOCAL_HEADER) return undefined;
  const [nameBytes, extraBytes] = [head.readUInt16LE(26), head.readUInt16LE(28)];
  const tail = await readBytes(handle, offset + LOCAL_BYTES, nameBytes + extraBytes);
  const name = readName(tail.subarray(0, nameBytes));
  const method = head.readUInt16LE(8);
  if ((head.readUInt16LE(6) & ~UTF8_NAME) !== 0) {
    throw new Error(`It holds ${name} encrypted, or with its size behind it.`);
  }
  if (method !== STORED && method !== DEFLATED) throw new Error(`It holds ${name} packed in another way.`);
  const { packed, plain } = readSizes(
    { packed: head.readUInt32LE(18), plain: head.readUInt32LE(22) },
    tail.subarray(nameBytes),
  );
  // Of a stored file Java reads the one, and others the other.
  if (method === STORED && packed !== plain) throw new Error(`It holds ${name} stored in two sizes.`);
  return {
    ...{ name, offset, isStored: method === STORED, common: head.subarray(6, 18) },
    ...{ start: offset + LOCAL_BYTES + nameBytes + extraBytes, packedSize: packed, size: plain },
  };
}

function readName(bytes: Buffer): string {
  const name = bytes.toString();
  if (ASTRAY.test(name) || !Buffer.from(name).equals(bytes)) {
    throw new Error(`It holds ${JSON.stringify(name)}.`);
  }
  return name;
}
