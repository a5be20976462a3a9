import { asyncBufferFromFile, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readMetadata, requireRoom } from '../parquet-room.ts';
import { toCell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';

const OTHERWISE = 'holds dates, lists or the like: write it as texts or numbers';

/** Columns of a Parquet file; only those that are asked for are read. */
export async function readParquet(file: string, wanted: ColumnNames): Promise<Columns> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await readMetadata(buffer);
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = wanted.all.filter((name) => names.includes(name));
  await requireRoom(buffer, metadata, columns);
  const rows = await parquetReadObjects({ file: buffer, metadata, columns, compressors });
  return { names, read: (name) => rows.map((row) => toCell(row[name], name, OTHERWISE)) };
}
