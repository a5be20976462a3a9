import { existsSync } from 'node:fs';
import path from 'node:path';
import { listFiles } from '../../adapters/git/describe-checkout.ts';
import type { Columns } from '../../adapters/holdout/columns.ts';
import { readerOf } from '../../adapters/holdout/readers.ts';
import { optional } from '../../core/config/optional.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';

const HELD_OUT = /(?:hold-?out|unseen|test|valid|eval)/i;
const LEARNED = /(?:train|learn|fit)/i;
const TARGETS = ['target', 'label', 'y', 'class', 'outcome'];
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?$/;
/** So many different whole numbers may still be classes. */
const MOST_CLASSES = 20;

/** What the column of a search's query is called; its rows are judged beside each other or one by one, and nobody can see which. */
const QUERY = /^(?:(?:search_?|srch_)?query|qid|search)(?:_?id)?$/i;

/** What was said of the data on the command line. */
type Said = Readonly<Partial<Record<'path' | 'target' | 'id' | 'time' | 'group', string>>> & {
  readonly inputs: readonly string[];
  /** Whether somebody has said what models answer, so that values need not tell it. */
  readonly isTaskSaid: boolean;
  /** Columns that the newest model takes; none where nobody knows. */
  readonly columns: readonly string[];
};

type Found = Pick<InitialSetup, 'holdout' | 'inputs' | 'fetch' | 'task'>;

/** The holdout of a repository and the meaning of its columns: what was said, else what its names and its first values tell. */
export async function findHoldout(root: string, said: Said): Promise<Found> {
  const files = (await listFiles(root)).filter((file) => readerOf(file) !== undefined);
  const place =
    said.path ??
    onlyOne(
      files.filter((file) => HELD_OUT.test(path.posix.basename(file))),
      files,
    );
  const { names, read } = await readColumns(root, place);
  const target =
    said.target ?? TARGETS.find((name) => names.includes(name)) ?? findUntaken(said, { names, read });
  if (target === undefined || !names.includes(target)) {
    throw refusal(
      'which-target',
      `${place} has the columns ${names.join(', ')}.`,
      'Name the one that holds the truth with --target.',
    );
  }
  const { group } = said;
  if (group !== undefined && !names.includes(group)) {
    const message = `${place} has no column ${group}; it has ${names.join(', ')}.`;
    throw refusal('which-group', message, 'Name what examples share with --group.');
  }
  const task = said.isTaskSaid ? seenIn(read(target)) : askedTask({ place, target }, { names, read });
  const id = said.id ?? names.find((name) => isId(name, read));
  const time = said.time ?? names.find((name) => name !== target && isTime(name, read));
  const holdout: Found['holdout'] = {
    ...{ path: place, target, rows: read(target).length },
    ...optional('id', id),
    ...optional('time', time),
    ...optional('group', group),
    ...optional('groups', group === undefined ? undefined : countDifferent(read(group))),
  };
  const inputs =
    said.inputs.length > 0
      ? said.inputs
      : files.filter((file) => file !== place && LEARNED.test(path.posix.basename(file)));
  const fetch = fetchOf(root, [...inputs, place]);
  return { holdout, inputs, ...(fetch !== undefined && { fetch }), task };
}

/** The command that brings what DVC keeps of these files, where it keeps any and a shell takes their names as they are. */
function fetchOf(root: string, places: readonly string[]): string | undefined {
  const kept = places
    .map((place) => `${place}.dvc`)
    .filter((file) => /^[\w./-]+$/.test(file) && existsSync(path.resolve(root, file)));
  return kept.length === 0 ? undefined : `dvc pull ${kept.join(' ')}`;
}

function seenIn(cells: Cells): Found['task'] {
  return isOfClasses(cells) ? 'classification' : 'regression';
}

/** What the values tell of the task, where they do. Rejects with a UserError where they may mean another. */
function askedTask(
  { place, target }: { readonly place: string; readonly target: string },
  { names, read }: Table,
): Found['task'] {
  const cells = read(target);
  const different = countDifferent(cells);
  if (isOfTexts(cells) && different > Math.max(MOST_CLASSES, cells.length / 2)) {
    const message = `${target} of ${place} has ${different} different texts in ${cells.length} rows, which are no classes.`;
    const remedy =
      'Say what models answer: --task text --measure NAME=FILE.py:FUNCTION, or --task multiclass.';
    throw refusal('which-task', message, remedy);
  }
  const query = names.find((name) => QUERY.test(name) && name !== target);
  if (query !== undefined && !isOfTexts(cells) && countDifferent(read(query)) < cells.length) {
    const message = `${place} has rows of one ${query}, which may be ranked beside each other or judged one by one.`;
    const remedy = `Say what models answer: --task ranking --group ${query}, or --task multiclass or regression.`;
    throw refusal('which-task', message, remedy);
  }
  return seenIn(cells);
}

/** The one column that a model which was trained on such data is not given, beside ids and times. */
function findUntaken({ columns, id, time }: Said, { names, read }: Table): string | undefined {
  const isLeft = (name: string) =>
    !columns.includes(name) && name !== id && name !== time && !isId(name, read) && !isTime(name, read);
  const left = names.filter(isLeft);
  return columns.length > 0 && columns.every((name) => names.includes(name)) && left.length === 1
    ? left[0]
    : undefined;
}

function isId(name: string, read: Table['read']): boolean {
  return /^(?:id|.*_id)$/i.test(name) && areDifferent(read(name));
}

function isTime(name: string, read: Table['read']): boolean {
  return read(name).length > 0 && read(name).every((cell) => DATE.test(String(cell)));
}

type Cells = readonly unknown[];
/** The names of a table's columns, and what stands in them. */
type Table = { readonly names: readonly string[]; readonly read: (name: string) => Cells };

async function readColumns(root: string, place: string): Promise<Table> {
  const file = path.resolve(root, place);
  const reader = readerOf(file);
  if (reader === undefined)
    throw refusal(
      'holdout-format',
      `${place} is of no kind that can be read.`,
      'Use .npz, .csv, .parquet or .jsonl.',
    );
  try {
    const { names } = await reader(file, { all: [], typed: [] });
    const cells = new Map<string, Cells>();
    const readSome = (some: readonly string[]) => reader(file, { all: some, typed: some });
    // An array of pictures is no column; what lies beside it is read without it then.
    const all = await readSome(names).catch(() => undefined);
    for (const name of names)
      cells.set(name, await cellsOf(async () => all ?? (await readSome([name])), name));
    return { names, read: (name) => cells.get(name) ?? [] };
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw refusal(
      'holdout-unreadable',
      `${place} can't be read: ${messageOf(thrown)}.`,
      'Name another file with --holdout.',
    );
  }
}

/** A column of dates or lists means nothing here, and is read all the same by the model. */
async function cellsOf(readColumn: () => Promise<Columns>, name: string): Promise<Cells> {
  try {
    return await (await readColumn()).read(name);
  } catch {
    return [];
  }
}

function onlyOne(found: readonly string[], files: readonly string[]): string {
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const list = (found.length > 1 ? found : files).slice(0, 10).join(', ') || 'none';
  throw refusal(
    'which-holdout',
    `Tables of this repository that may be it: ${list}.`,
    'Name the examples that no training sees with --holdout.',
  );
}

function areDifferent(cells: Cells): boolean {
  return cells.length > 0 && countDifferent(cells) === cells.length;
}

function countDifferent(cells: Cells): number {
  return new Set(cells.map(String)).size;
}

function isOfTexts(cells: Cells): boolean {
  return cells.some((cell) => typeof cell === 'string');
}

function isOfClasses(cells: Cells): boolean {
  const isWhole = cells.every((cell) => typeof cell !== 'number' || Number.isInteger(cell));
  const isWord = isOfTexts(cells) || cells.some((cell) => typeof cell === 'boolean');
  return isWord || (isWhole && countDifferent(cells) <= Math.min(MOST_CLASSES, cells.length / 2));
}

function refusal(code: string, message: string, remedy: string): UserError {
  return new UserError([{ code, message, remedy }]);
}
