import type { FileHandle } from 'node:fs/promises';
import { readBytes } from './read-bytes.ts';
import { readSizes } from './read-sizes.ts';
import type { Entry } from './walk-entries.ts';

const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_BYTES = 46;
const END_RECORD = 0x06054b50;
const END_BYTES = 22;
/** The record of a large archive and its locator, which stand before the end record. */
const LARGE_RECORD = 0x06064b50;
const LARGE_BYTES = 56;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
/** Bytes of that record that its own length leaves out, and the version of the format that knows it. */
const UNCOUNTED_BYTES = 12;
const LARGE_VERSION = 45;
/** Written where a number has no room. */
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;

/** What the list at an archive's end is to be: these files, from this position on. */
type Expected = { readonly entries: readonly Entry[]; readonly start: number };

/**
 * Throws unless an archive ends with one list, of just these files as their own headers say them, and with the record that points at
 * it: then whoever reads by the list reads what others find from header to header.
 */
export async function checkList(handle: FileHandle, { entries, start }: Expected): Promise<void> {
  let position = start;
  for (const entry of entries) position = await checkEntry(handle, entry, position);
  await checkEnd(handle, { count: entries.length, start, bytes: position - start });
}

async function checkEntry(handle: FileHandle, entry: Entry, position: number): Promise<number> {
  const { name } = entry;
  const head = await readBytes(handle, position, CENTRAL_BYTES);
  const [nameBytes, extraBytes, commentBytes] = [
    head.readUInt16LE(28),
    head.readUInt16LE(30),
    head.readUInt16LE(32),
  ];
  const tail = await readBytes(handle, position + CENTRAL_BYTES, nameBytes + extraBytes);
  const isNamed =
    head.readUInt32LE(0) === CENTRAL_HEADER && tail.subarray(0, nameBytes).equals(Buffer.from(name));
  if (!isNamed) throw new Error(`Its list of files does not name ${name} where it holds it.`);
  const said = readSizes(
    { packed: head.readUInt32LE(20), plain: head.readUInt32LE(24), offset: head.readUInt32LE(42) },
    tail.subarray(nameBytes),
  );
  const isSame =
    head.subarray(8, 20).equals(entry.common) &&
    said.packed === entry.packedSize &&
    said.plain === entry.size &&
    said.offset === entry.offset &&
    commentBytes === 0;
  if (!isSame) throw new Error(`Its list of files says other things of ${name} than stand before it.`);
  return position + CENTRAL_BYTES + nameBytes + extraBytes;
}

/** Where a list of files is. */
type Place = { readonly count: number; readonly start: number; readonly bytes: number };

async function checkEnd(handle: FileHandle, place: Place): Promise<void> {
  const { size: fileBytes } = await handle.stat();
  const position = place.start + place.bytes;
  const end = endRecord(place);
  const large = largeRecords(place);
  const ends = [...(isSmall(place) ? [end] : []), Buffer.concat([large, end])];
  const expected = ends.find((one) => position + one.length === fileBytes);
  const found = expected && (await readBytes(handle, position, expected.length));
  if (expected === undefined || found?.equals(expected) !== true) {
    throw new Error('It does not end with one list of its files.');
  }
}

/** Whether the end record has room for the numbers, so that no reader looks for others. */
function isSmall({ count, start, bytes }: Place): boolean {
  return count < MOST_16 && start < MOST_32 && bytes < MOST_32;
}

function endRecord({ count, start, bytes }: Place): Buffer {
  const record = Buffer.alloc(END_BYTES);
  record.writeUInt32LE(END_RECORD, 0);
  record.writeUInt16LE(Math.min(count, MOST_16), 8);
  record.writeUInt16LE(Math.min(count, MOST_16), 10);
  record.writeUInt32LE(Math.min(bytes, MOST_32), 12);
  record.writeUInt32LE(Math.min(start, MOST_32), 16);
  return record;
}

/** What stands before the end record of a large archive: the same in 64 bits, and where that is. */
function largeRecords({ count, start, bytes }: Place): Buffer {
  const record = Buffer.alloc(LARGE_BYTES + LOCATOR_BYTES);
  record.writeUInt32LE(LARGE_RECORD, 0);
  record.writeBigUInt64LE(BigInt(LARGE_BYTES - UNCOUNTED_BYTES), 4);
  record.writeUInt16LE(LARGE_VERSION, 12);
  record.writeUInt16LE(LARGE_VERSION, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(bytes), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  record.writeUInt32LE(LOCATOR, LARGE_BYTES);
  record.writeBigUInt64LE(BigInt(start + bytes), LARGE_BYTES + 8);
  record.writeUInt32LE(1, LARGE_BYTES + 16);
  return record;
}
