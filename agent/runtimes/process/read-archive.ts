import { type FileHandle, open } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';
import { checkList } from './check-list.ts';
import { readBytes } from './read-bytes.ts';
import { type Entry, walkEntries } from './walk-entries.ts';

/** No file that is read here is larger, packed or not. */
const MOST_BYTES = 4 * 1024 ** 2;
/** Where the checksum stands in what a file's header and the list both hold. */
const CHECKSUM_AT = 8;

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
    const { entries, end } = await walkEntries(handle);
    await checkList(handle, { entries, start: end });
    const contents = new Map<string, Buffer>();
    for (const entry of entries.filter(({ name }) => wanted(name))) {
      contents.set(entry.name, await readContent(handle, entry));
    }
    return contents;
  } finally {
    await handle.close();
  }
}

/** Java itself refuses a file whose packed stream ends before the size that is said, so that nothing hides behind it. */
async function readContent(handle: FileHandle, entry: Entry): Promise<Buffer> {
  const { name, start, packedSize, size } = entry;
  if (packedSize > MOST_BYTES || size > MOST_BYTES) throw new Error(`${name} is too large.`);
  const packed = await readBytes(handle, start, packedSize);
  const content = entry.isStored ? packed : inflateRawSync(packed, { maxOutputLength: MOST_BYTES });
  const isWhole = content.length === size && crc32(content) === entry.common.readUInt32LE(CHECKSUM_AT);
  if (!isWhole) throw new Error(`${name} is not what its header says.`);
  return content;
}
