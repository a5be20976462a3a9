import { stat } from 'node:fs/promises';
import path from 'node:path';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import { EXAMPLE_COLUMNS, type Examples, readExamples as parseExamples } from '../../core/gate/examples.ts';
import { hashFile } from '../data-digest.ts';
import { nameCell } from './cell.ts';
import type { Columns } from './columns.ts';
import { readCsv } from './read-csv.ts';

/** So large a file holds no examples that somebody wrote. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * What a CSV of examples asks for, without the inputs. Relative paths start at `root`. What is expected is named as labels of a holdout are.
 * Rejects with a UserError when it can't be read, and for rows and pairs that ask for nothing that can be judged.
 */
export async function readExamples(root: string, written: string): Promise<Examples> {
  const file = path.resolve(root, written);
  const read = await readColumns(file).catch((thrown: unknown) => {
    const message = `${written} can't be read: ${messageOf(thrown)}.`;
    const remedy = 'Correct `examples` under gate in trainyard.yml, or put the file on the default branch.';
    throw new UserError([{ code: 'examples-unreadable', message, remedy }], { cause: thrown });
  });
  const examples = parseExamples({ path: written, digest: read.digest, rows: read.rows }, read.texts);
  if (!examples.ok) throw new UserError(atLeastOne(examples.error));
  return examples.value;
}

async function readColumns(file: string) {
  const { size } = await stat(file);
  if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, and at most ${MOST_BYTES} are read`);
  const columns = await readCsv(file, { all: EXAMPLE_COLUMNS, typed: [] });
  const written = EXAMPLE_COLUMNS.map(async (name) => [name, await columns.read(name)] as const);
  const labels = await readCsv(file, { all: ['expect'], typed: ['expect'] });
  const cells = await Promise.all([...written, readTyped(labels)]);
  const texts = Object.fromEntries(cells.map(([name, column]) => [name, column.map(nameCell)]));
  return { texts, rows: cells[0]?.[1].length ?? 0, digest: await hashFile(file) };
}

async function readTyped(columns: Columns) {
  return ['typed', await columns.read('expect')] as const;
}
