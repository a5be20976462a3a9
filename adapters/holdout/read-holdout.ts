import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Holdout } from '../../core/config/config.ts';
import type { CrossProblem } from '../../core/config/cross-problem.ts';
import { messageOf, type Problem, UserError } from '../../core/errors.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { placeRows } from '../../core/gate/place-rows.ts';
import { hashFile } from '../data-digest.ts';
import { type Cell, nameCell } from './cell.ts';
import type { Columns } from './columns.ts';
import { groupDays } from './group-days.ts';
import { HoldoutError } from './holdout-error.ts';
import { readTruth } from './read-truth.ts';
import { readerOf } from './readers.ts';

/** How the file begins that stands for one kept in Git LFS. */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';
const CORRECT = 'Correct data.holdout in trainyard.yml.';

/** The columns of the holdout that are no inputs of a model, and where the file is. */
type HoldoutFile = Pick<Holdout, 'path' | 'target' | 'id' | 'group' | 'time' | 'slices'>;

/**
 * Reads all of the holdout but the inputs: what an answer is held against. Relative paths start at `root`. The same file gives the same
 * ids, groups, slices and labels as in the Python runtime, which runs the models. Rejects with a UserError when it can't be read.
 */
export async function readHoldout(root: string, holdout: HoldoutFile): Promise<HeldOut> {
  const file = path.resolve(root, holdout.path);
  await requireData(file, holdout.path);
  try {
    return await readColumns(file, holdout);
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    const message = `${holdout.path} can't be read: ${messageOf(thrown)}.`;
    throw refusal({ code: 'holdout-unreadable', message, remedy: 'Write it again.' }, { cause: thrown });
  }
}

async function readColumns(file: string, holdout: HoldoutFile): Promise<HeldOut> {
  const { path: written, target, id, group, time, slices } = holdout;
  const reader = readerOf(file);
  if (reader === undefined) {
    const message = `${written} is of no kind that can be read.`;
    throw refusal({ code: 'holdout-format', message, remedy: 'Use .npz, .csv, .parquet or .jsonl.' });
  }
  const all = [...new Set([target, ...slices, ...[id, group].filter((name) => name !== undefined)])];
  // A group that is named says more than a day.
  const times = group === undefined && time !== undefined ? [time] : [];
  const columns = await reader(file, { all: [...all, ...times], typed: [target, ...times], times });
  const absent = all.filter((name) => !columns.names.includes(name));
  const [first, ...others] = absent.map((name): CrossProblem => {
    const [key, ...rest] = keyOf(holdout, name);
    return {
      code: 'holdout-column-missing',
      path: ['data', 'holdout', key, ...rest],
      message: `${written} has no column \`${name}\`; it has ${columns.names.join(', ')}.`,
      remedy: `Correct data.holdout.${key} in trainyard.yml.`,
    };
  });
  if (first !== undefined) throw new HoldoutError([first, ...others]);
  const read = async (name: string): Promise<readonly Cell[]> => columns.read(name);
  const labels = await read(target);
  const names = async (name: string) => (await read(name)).map(nameCell);
  const named = await Promise.all(slices.map(async (name) => [name, await names(name)] as const));
  const held: HeldOut = {
    digest: await hashFile(file),
    ids: id === undefined ? labels.map((_, row) => String(row)) : await names(id),
    truth: readTruth(labels),
    ...(group === undefined ? await groupOf(columns, times) : { groups: await names(group) }),
    slices: Object.fromEntries(named),
  };
  checkRows(written, held, labels);
  return held;
}

/** Days as groups where there is a time; a time that is no column is told by whoever needs it. */
async function groupOf(
  columns: Columns,
  [time]: readonly string[],
): Promise<Pick<HeldOut, 'groups' | 'groupNote'>> {
  if (time === undefined || !columns.names.includes(time)) return { groups: undefined };
  return groupDays(columns, time);
}

/** The key that names a column, and its place there. */
function keyOf({ target, id, group, slices }: HoldoutFile, name: string): readonly [string, ...number[]] {
  if (name === target) return ['target'];
  if (name === id) return ['id'];
  return name === group ? ['group'] : ['slices', slices.indexOf(name)];
}

/** Every example has one label and one id, and they are known by their number: values of a holdout are shown to nobody. */
function checkRows(written: string, { ids, groups, slices }: HeldOut, labels: readonly Cell[]): void {
  if (labels.length === 0) {
    throw refusal({ code: 'holdout-empty', message: `${written} has no examples.`, remedy: CORRECT });
  }
  const lengths = [ids, ...(groups === undefined ? [] : [groups]), ...Object.values(slices)];
  const ragged = lengths.find(({ length }) => length !== labels.length);
  if (ragged !== undefined) {
    const message = `${written} holds columns of different lengths: ${labels.length} labels, and ${ragged.length}.`;
    throw refusal({
      code: 'holdout-ragged',
      message,
      remedy: 'Give every example a label, an id and its slices.',
    });
  }
  const missing = labels.flatMap((cell, row) => (cell === undefined || Number.isNaN(cell) ? [row] : []));
  if (missing.length > 0) {
    const message = `${missing.length} of ${labels.length} examples of ${written} have no label: ${placeRows(missing)}.`;
    throw refusal({
      code: 'holdout-label-missing',
      message,
      remedy: 'Label them, or leave them out of the file.',
    });
  }
  const repeated = ids.length - new Set(ids).size;
  if (repeated > 0) {
    const message = `${repeated} of ${ids.length} examples of ${written} have an id that another one has.`;
    const remedy = 'Give every example its own id: predictions of two models are paired by it.';
    throw refusal({ code: 'holdout-id-repeated', message, remedy });
  }
}

async function requireData(file: string, written: string): Promise<void> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) {
    const message = `${written} is not there, or may not be read.`;
    const remedy =
      'The holdout is read where models are judged: keep it in the repository, have data.fetch bring it (dvc pull, aws s3 cp), or keep it in a place that the control-runner reaches too, and name it in data.holdout.path.';
    throw refusal({ code: 'holdout-missing', message, remedy });
  }
  try {
    const { buffer } = await handle.read(Buffer.alloc(LFS_POINTER.length), 0, LFS_POINTER.length, 0);
    if (buffer.toString('latin1') !== LFS_POINTER) return;
  } finally {
    await handle.close();
  }
  const message = `${written} is a Git LFS pointer: the checkout left the data themselves out.`;
  const remedy =
    'Set the input `lfs: true` of the pipeline, or of actions/checkout; by hand, `git lfs pull`.';
  throw refusal({ code: 'holdout-is-an-lfs-pointer', message, remedy });
}

function refusal(problem: Problem, options?: ErrorOptions): UserError {
  return new HoldoutError([{ ...problem, path: ['data', 'holdout', 'path'] }], options);
}
