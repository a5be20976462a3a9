import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Cell, toCell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';

const NEWLINE = 0x0a;
const WHOLE = /^-?\d+$/;
const OTHERWISE = 'holds a list or an object where one value is wanted';
const rowSchema = z.record(z.string(), z.unknown());

/** Columns of a file with one JSON object a line. A key that a row lacks is a missing value. */
export async function readJsonl(file: string, wanted: ColumnNames): Promise<Columns> {
  const columns = new Map<string, Cell[]>(wanted.all.map((name) => [name, []]));
  const names = new Set<string>();
  for (const line of splitLines(await readFile(file))) {
    const row = rowSchema.parse(parseExactly(line));
    for (const name of Object.keys(row)) names.add(name);
    for (const [name, cells] of columns) cells.push(toCell(row[name], name, OTHERWISE));
  }
  return { names: [...names], read: (name) => columns.get(name) ?? [] };
}

function* splitLines(bytes: Buffer): Generator<string> {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.toString('utf8', from, end).trim();
    if (line !== '') yield line;
    from = end + 1;
  }
}

/** Whole numbers stay exact, however large: two ids that differ in the last digit are two. */
function parseExactly(line: string): unknown {
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source ?? '';
    const isRounded = typeof value === 'number' && !Number.isSafeInteger(value) && WHOLE.test(source);
    return isRounded ? BigInt(source) : value;
  };
  return JSON.parse(line, revive);
}
