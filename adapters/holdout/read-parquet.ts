import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Cell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';
import { UnreadableError } from './unreadable.ts';

/** Columns of a Parquet file; only those that are asked for are read. */
export async function readParquet(file: string, wanted: ColumnNames): Promise<Columns> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = wanted.all.filter((name) => names.includes(name));
  const rows = await parquetReadObjects({ file: buffer, metadata, columns, compressors });
  return { names, read: (name) => rows.map((row) => toCell(name, row[name])) };
}

function toCell(name: string, value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;
  throw new UnreadableError(`${name} holds dates, lists or the like: write it as texts or numbers`);
}
