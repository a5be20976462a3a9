import { readFile } from 'node:fs/promises';
import type { Cell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';
import { UnreadableError } from './unreadable.ts';

const [QUOTE, COMMA, NEWLINE, RETURN] = [0x22, 0x2c, 0x0a, 0x0d];
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE = /^[+-]?\d+$/;
/** Pandas takes these for numbers, though with no space around them. */
const ENDLESS = /^([+-]?)inf(?:inity)?$/i;
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);
/** What pandas takes for a missing value among numbers. */
const MISSING: ReadonlySet<string> = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>'],
  ...['N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);

/** Columns of a CSV file with a header. `typed` ones are numbers or flags where all their values are; the others are taken as written. */
export async function readCsv(file: string, wanted: ColumnNames): Promise<Columns> {
  const rows = splitRows(await readFile(file));
  const header = rows.next().value ?? [];
  const places = wanted.all.map((name) => [name, header.indexOf(name)] as const);
  const columns = new Map<string, string[]>(wanted.all.map((name) => [name, []]));
  for (const fields of rows) {
    if (fields.length > header.length) {
      throw new UnreadableError(`it has a row of ${fields.length} fields under ${header.length} names`);
    }
    for (const [name, place] of places) columns.get(name)?.push(fields[place] ?? '');
  }
  return {
    names: header,
    read: (name) => {
      const texts = columns.get(name) ?? [];
      return wanted.typed.includes(name) ? typeTexts(texts) : texts;
    },
  };
}

/** Texts as pandas types a whole column: whole numbers, else numbers, else flags, else as they are. */
function typeTexts(texts: readonly string[]): readonly Cell[] {
  const present = texts.filter((text) => !MISSING.has(text));
  if (texts.every((text) => WHOLE.test(text.trim()))) return texts.map((text) => toWhole(text.trim()));
  if (present.every((text) => NUMBER.test(text.trim()) || ENDLESS.test(text))) {
    return texts.map((text) => (MISSING.has(text) ? undefined : toNumber(text.trim())));
  }
  if (present.every((text) => FLAGS.has(text))) return texts.map((text) => FLAGS.get(text));
  // Among texts only an empty field is a gap: None is a class, and NA is Namibia.
  return texts.map((text) => (text === '' ? undefined : text));
}

function toWhole(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text.replace(/^\+/, ''));
}

function toNumber(text: string): number {
  const sign = ENDLESS.exec(text)?.[1];
  if (sign === undefined) return Number(text);
  return sign === '-' ? -Infinity : Infinity;
}

/** The fields of each row that is not empty. Quoted ones may hold separators, new lines and doubled quotes. */
function* splitRows(bytes: Buffer): Generator<string[], undefined> {
  let fields: string[] = [];
  let at = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  while (at < bytes.length) {
    const field = bytes[at] === QUOTE ? readQuoted(bytes, at) : readPlain(bytes, at);
    fields.push(field.text);
    at = field.end;
    if (bytes[at] === COMMA) {
      at += 1;
      // A separator at the very end has an empty field behind it.
      if (at < bytes.length) continue;
      fields.push('');
    }
    at += bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? 2 : 1;
    if (fields.length > 1 || fields[0] !== '') yield fields;
    fields = [];
  }
  return undefined;
}

type Field = { readonly text: string; readonly end: number };

function readPlain(bytes: Buffer, from: number): Field {
  let end = from;
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== NEWLINE && bytes[end] !== RETURN)
    end += 1;
  return { text: bytes.toString('utf8', from, end), end };
}

function readQuoted(bytes: Buffer, from: number): Field {
  let end = bytes.indexOf(QUOTE, from + 1);
  while (end !== -1 && bytes[end + 1] === QUOTE) end = bytes.indexOf(QUOTE, end + 2);
  if (end === -1) throw new UnreadableError('a quoted field has no end');
  const text = bytes.toString('utf8', from + 1, end).replaceAll('""', '"');
  const rest = readPlain(bytes, end + 1);
  return { text: `${text}${rest.text}`, end: rest.end };
}
