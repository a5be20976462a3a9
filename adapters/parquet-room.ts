import { type AsyncBuffer, type ColumnMetaData, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

/** What a file says of itself, in bytes, and the length and the mark that end it. */
const MOST_METADATA_BYTES = 2 ** 24;
const END_BYTES = 8;
/** What columns may be unpacked to, in bytes, and how many values that is at most. */
const MOST_BYTES = 2 ** 30;
const MOST_VALUES = 100_000_000;
/** Each of its values may be made of the whole one before: a few bytes would stand for any number. */
const GROWING = 'DELTA_BYTE_ARRAY';

/** What a Parquet file says of itself. Rejects when it is none, or says more than any needs to. */
export async function readMetadata(buffer: AsyncBuffer): Promise<FileMetaData> {
  if (buffer.byteLength < END_BYTES) throw new Error('it is too short for a Parquet file');
  const end = new DataView(await buffer.slice(buffer.byteLength - END_BYTES, buffer.byteLength));
  const bytes = end.getUint32(0, true);
  if (bytes > MOST_METADATA_BYTES) throw new Error(`it is said to describe itself in ${bytes} bytes`);
  return parquetMetadataAsync(buffer);
}

/** What has been counted so far. */
type Sum = { values: number; bytes: number };

/**
 * Looks at the sizes that a Parquet file gives of these columns, page by page, before any of them is unpacked: a few bytes may say that
 * they stand for billions of values. Rejects with an error that says which size is none.
 */
export async function requireRoom(
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): Promise<void> {
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows !== Number(metadata.num_rows) || metadata.row_groups.some(({ num_rows }) => num_rows < 0n)) {
    throw new Error(`its parts have ${rows} rows together, and it says ${metadata.num_rows}`);
  }
  if (rows * columns.length > MOST_VALUES) {
    throw new Error(`it has ${rows} rows of ${columns.length} columns, more than ${MOST_VALUES} values`);
  }
  const sum: Sum = { values: 0, bytes: 0 };
  for (const group of metadata.row_groups) {
    for (const { meta_data: column } of group.columns) {
      const [name, ...below] = column?.path_in_schema ?? [];
      if (column === undefined || name === undefined || !columns.includes(name)) continue;
      if (below.length > 0) throw new Error(`${name} holds lists or the like`);
      await addColumn(buffer, { column, name, rows: Number(group.num_rows) }, sum);
    }
  }
}

/** Adds up what the pages of a column say of themselves. */
async function addColumn(
  buffer: AsyncBuffer,
  { column, name, rows }: { readonly column: ColumnMetaData; readonly name: string; readonly rows: number },
  sum: Sum,
): Promise<void> {
  let told = 0;
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  if (!(start >= 0 && end >= start && end <= buffer.byteLength)) {
    throw new Error(`${name} is said to lie where the file does not reach`);
  }
  const reader = { view: new DataView(await buffer.slice(start, end)), offset: 0 };
  while (reader.offset < reader.view.byteLength - 1) {
    const page = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: bytes, dictionary_page_header } = page;
    const data = page.data_page_header ?? page.data_page_header_v2;
    const values = data?.num_values ?? dictionary_page_header?.num_values ?? 0;
    const left = reader.view.byteLength - reader.offset;
    if (!(packed >= 0 && packed <= left))
      throw new Error(`a page of ${name} is said to be ${packed} bytes, of ${left}`);
    if (!(bytes >= 0 && values >= 0)) throw new Error(`a page of ${name} has a size below nothing`);
    // Eight of the smallest, which are flags, lie in a byte.
    if (dictionary_page_header !== undefined && values > 8 * bytes) {
      throw new Error(`a dictionary of ${name} is said to have ${values} values in ${bytes} bytes`);
    }
    if (data?.encoding === GROWING)
      throw new Error(`${name} is packed in a way that is not read (${GROWING})`);
    sum.bytes += bytes;
    sum.values += values;
    if (data !== undefined) told += values;
    if (told > rows) throw new Error(`pages of ${name} are said to have ${told} values, of ${rows} rows`);
    if (sum.bytes > MOST_BYTES) throw new Error(`it unpacks to more than ${MOST_BYTES} bytes`);
    if (sum.values > MOST_VALUES) throw new Error(`its pages say more than ${MOST_VALUES} values`);
    reader.offset += packed;
  }
}
