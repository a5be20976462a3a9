import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';

/** How the second row of a pair must be answered, beside the first. */
const RELATIONS = ['same', 'higher', 'lower'] as const;
type Relation = (typeof RELATIONS)[number];

/** The columns of a file of examples that are no inputs of the model. */
export const EXAMPLE_COLUMNS = ['id', 'expect', 'within', 'pair', 'relation'] as const;
type ExampleColumn = (typeof EXAMPLE_COLUMNS)[number];

/**
 * One row that must be answered so; `within` is how far a number may be off. `expect` are the names that may be meant: as it is written, and
 * as labels of a holdout are named, of which a column may be typed otherwise for what stands beside it.
 */
type Expectation = { readonly row: number; readonly expect: readonly string[]; readonly within: number };

/** Two rows whose answers stand to each other so. */
type RowPair = {
  readonly name: string;
  readonly first: number;
  readonly second: number;
  readonly relation: Relation;
  readonly within: number;
};

/** What a file of examples asks for. Rows are told by their names: their values are shown to nobody. */
export type Examples = {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  readonly names: readonly string[];
  readonly expectations: readonly Expectation[];
  readonly pairs: readonly RowPair[];
};

/** What a model answers to a file of examples, one entry per row: names of classes, texts or numbers; of two classes the positive one's scores. */
export type ExampleAnswers = {
  readonly digest: string;
  readonly answers: readonly (string | number)[];
  readonly scores: readonly number[] | null;
};

/** The columns as they are written, one entry per row, and `expect` as labels are named; those that the file lacks are absent. */
type ExampleTexts = Readonly<Partial<Record<ExampleColumn | 'typed', readonly string[]>>>;

/** Letters of a name that are shown. */
const LONGEST_NAME = 80;

/** Reads the columns of a file of examples, or says all that is wrong with them. */
export function readExamples(
  file: Pick<Examples, 'path' | 'digest'> & { readonly rows: number },
  texts: ExampleTexts,
): Result<Examples, readonly Problem[]> {
  const cell = (column: ExampleColumn, row: number): string => texts[column]?.[row]?.trim() ?? '';
  const all = Array.from({ length: file.rows }, (_, row) => row);
  const withinOf = (row: number): number => Number(cell('within', row));
  const badWithin = all.filter((row) => !(withinOf(row) >= 0 && Number.isFinite(withinOf(row))));
  const expectations = all
    .filter((row) => cell('expect', row) !== '')
    .map((row) => ({ row, expect: meantBy(texts, row), within: withinOf(row) }));
  const grouped = Map.groupBy(
    all.filter((row) => cell('pair', row) !== ''),
    (row) => cell('pair', row),
  );
  const read = [...grouped].map(([name, rows]) => {
    const relations = new Set(rows.map((row) => cell('relation', row)).filter((text) => text !== ''));
    const relation = relations.size === 1 ? RELATIONS.find((one) => relations.has(one)) : undefined;
    const [first, second, third] = rows;
    if (first === undefined || second === undefined || third !== undefined || relation === undefined)
      return undefined;
    return {
      name: cutName(name),
      first,
      second,
      relation,
      within: Math.max(withinOf(first), withinOf(second)),
    };
  });
  const pairs = read.filter((pair) => pair !== undefined);
  const idle = all.filter((row) => cell('expect', row) === '' && cell('pair', row) === '');
  const problems = findProblems(file.path, {
    rows: file.rows,
    badWithin: badWithin.length,
    idle: idle.length,
    badPairs: read.length - pairs.length,
  });
  if (problems.length > 0) return err(problems);
  const names = all.map((row) => cutName(cell('id', row)) || `row ${row + 1}`);
  return ok({ path: file.path, digest: file.digest, names, expectations, pairs });
}

/** Spaces belong to what is expected. */
function meantBy({ expect, typed }: ExampleTexts, row: number): readonly string[] {
  const names = [expect?.[row] ?? '', typed?.[row] ?? ''];
  return [...new Set(names.filter((name) => name !== ''))];
}

function cutName(name: string): string {
  const letters = Array.from(name);
  return letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join('')}…`;
}

type Faults = Readonly<Record<'rows' | 'badWithin' | 'idle' | 'badPairs', number>>;

function findProblems(path: string, { rows, badWithin, idle, badPairs }: Faults): readonly Problem[] {
  const found: [number, string, string][] = [
    [Number(rows === 0), 'has no examples', 'Add some, or take the rule out of the gate.'],
    [
      badWithin,
      `has ${badWithin} rows whose \`within\` is no number of 0 or more`,
      'Write how far the number may be off.',
    ],
    [idle, `has ${idle} rows that ask for nothing`, 'Give each an `expect`, or a `pair`.'],
    [
      badPairs,
      `has ${badPairs} pairs that are not two rows with one \`relation\``,
      'Let two rows have the name of the pair, and one of them `same`, `higher` or `lower`.',
    ],
  ];
  return found
    .filter(([count]) => count > 0)
    .map(([, what, remedy]) => ({ code: 'examples-unreadable', message: `${path} ${what}.`, remedy }));
}
