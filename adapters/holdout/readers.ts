import path from 'node:path';
import type { ColumnNames, Columns } from './columns.ts';
import { readCsv } from './read-csv.ts';
import { readJsonl } from './read-jsonl.ts';
import { readNpz } from './read-npz.ts';
import { readParquet } from './read-parquet.ts';

/** Reads the columns of a file of one kind. */
type Reader = (file: string, wanted: ColumnNames) => Promise<Columns>;

const READERS: Readonly<Record<string, Reader>> = {
  '.npz': readNpz,
  '.csv': readCsv,
  '.parquet': readParquet,
  '.jsonl': readJsonl,
};

/** What reads a file, by its name; `undefined` for a kind that nothing here reads. */
export function readerOf(file: string): Reader | undefined {
  return READERS[path.extname(file)];
}
