import type { FileHandle } from 'node:fs/promises';

/** So many bytes of a file, from a position on. Throws where it ends before. */
export async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('It ends in the middle.');
  return buffer;
}
