import { openParquet } from '../parquet/columns.ts';
import { type Cell, toCell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';

const OTHERWISE = 'holds dates, lists or the like: write it as texts or numbers';

/** Columns of a Parquet file; only those that are asked for are read. */
export async function readParquet(file: string, { all, times = [] }: ColumnNames): Promise<Columns> {
  const parquet = await openParquet(file, (name) => all.includes(name));
  return {
    names: parquet.names,
    read: async (name) => {
      const cells = new Array<Cell>(parquet.rows).fill(undefined);
      await parquet.read(name, (value, row) => {
        const isTime = value instanceof Date && times.includes(name) && !Number.isNaN(value.getTime());
        cells[row] = isTime ? value.toISOString() : toCell(value, name, OTHERWISE);
      });
      return cells;
    },
  };
}
