import { type AsyncBuffer, type ColumnMetaData, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { compressors } from 'hyparquet-compressors';
import { messageOf } from '../../core/errors.ts';
import { requireRuns } from './runs.ts';
import { requireLists } from './thrift.ts';

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
  const start = buffer.byteLength - END_BYTES - bytes;
  if (start < 0) throw new Error(`it is said to describe itself in ${bytes} bytes, and has fewer`);
  requireLists(new DataView(await buffer.slice(start, buffer.byteLength - END_BYTES)), 0);
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
      const isOptional =
        metadata.schema.slice(1).find((one) => one.name === name)?.repetition_type !== 'REQUIRED';
      await addColumn(buffer, { column, name, isOptional, rows: Number(group.num_rows) }, sum);
    }
  }
}

/** A column in a part of the file, and whether its values may be absent. */
type Column = {
  readonly column: ColumnMetaData;
  readonly name: string;
  readonly isOptional: boolean;
  readonly rows: number;
};

/** Adds up what the pages of a column say of themselves. */
async function addColumn(
  buffer: AsyncBuffer,
  { column, name, isOptional, rows }: Column,
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
    requireLists(reader.view, reader.offset);
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
    const bytesOfPage = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, packed);
    try {
      requireRunsOf(page, bytesOfPage, { isOptional, codec: column.codec, type: column.type });
    } catch (thrown) {
      throw new Error(`a page of ${name} can't be unpacked: ${messageOf(thrown)}`);
    }
    reader.offset += packed;
  }
}

const DICTIONARY: ReadonlySet<string | undefined> = new Set(['PLAIN_DICTIONARY', 'RLE_DICTIONARY']);

/** Looks at the runs of a page of data. The sizes that it says of itself have been looked at. */
function requireRunsOf(
  page: ReturnType<typeof parquetHeader>,
  packed: Uint8Array,
  { isOptional, codec, type }: Pick<Column, 'isOptional'> & Pick<ColumnMetaData, 'codec' | 'type'>,
): void {
  const { data_page_header: first, data_page_header_v2: second } = page;
  const unpack = (bytes: Uint8Array, size: number) =>
    codec === 'UNCOMPRESSED' ? bytes : (compressors[codec]?.(bytes, size) ?? bytes);
  if (page.type === 'DATA_PAGE' && first !== undefined) {
    const whole = unpack(packed, page.uncompressed_page_size);
    const { num_values: values, encoding } = first;
    let from = 0;
    if (isOptional) {
      const length = readLength(whole);
      requireRuns({ page: whole, from: 4, end: whole.byteLength, width: 1, values });
      from = 4 + length;
    }
    requireValues({ page: whole, from, values, encoding, type });
  } else if (page.type === 'DATA_PAGE_V2' && second !== undefined) {
    const { num_values: values, encoding, is_compressed, repetition_levels_byte_length: skipped } = second;
    const { definition_levels_byte_length: levels } = second;
    const from = skipped + levels;
    if (!(skipped >= 0 && levels >= 0 && from <= packed.byteLength))
      throw new Error(`its levels are said to be ${skipped} and ${levels} of ${packed.byteLength} bytes`);
    if (isOptional) requireRuns({ page: packed, from: skipped, end: packed.byteLength, width: 1, values });
    const rest = packed.subarray(from);
    const whole = is_compressed === false ? rest : unpack(rest, page.uncompressed_page_size - from);
    requireValues({ page: whole, from: 0, values, encoding, type });
  }
}

type Values = {
  readonly page: Uint8Array;
  readonly from: number;
  readonly values: number;
  readonly encoding: string | undefined;
  readonly type: string;
};

/** Values that are runs: places in a dictionary, and flags. */
function requireValues({ page, from, values, encoding, type }: Values): void {
  const end = page.byteLength;
  if (encoding === 'RLE' && type === 'BOOLEAN') requireRuns({ page, from: from + 4, end, width: 1, values });
  else if (DICTIONARY.has(encoding) || encoding === 'RLE')
    requireRuns({ page, from: from + 1, end, width: page[from] ?? 0, values });
}

function readLength(page: Uint8Array): number {
  if (page.byteLength < 4) throw new Error('it is too short');
  return new DataView(page.buffer, page.byteOffset, 4).getUint32(0, true);
}
