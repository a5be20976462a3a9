import { formatCount } from '../report/format-number.ts';
import { sumOf } from '../statistics/sum-of.ts';
import type { ProfileFeature, ReferenceProfile } from './profile.ts';

/** What a direction through all columns is called (`runtime/trainyard/dependence.py`). */
const DRAWN = /^together\/all-(?<number>\d+)$/;

/** Share of the reference's rows that may lack a column which random directions go through (`runtime/trainyard/dependence.py`). */
const MOST_MISSING = 0.001;

/** What a feature is of that is no value of an input: several columns at once, or the answers in one slice. */
export type Derivation = 'together' | 'slice';

/** By what the profile says of it: an input may be called anything, `slice/brightness` too. `undefined` of what is a value of an input. */
export function derivationOf({
  together,
  slice,
}: Pick<ProfileFeature, 'together' | 'slice'>): Derivation | undefined {
  if (together !== undefined) return 'together';
  return slice === undefined ? undefined : 'slice';
}

/** The names under which windows of this version hold what is no value of an input. */
export function listDerived({ features }: Pick<ReferenceProfile, 'features'>): ReadonlySet<string> {
  return new Set(features.filter(isDerived).map(({ name }) => name));
}

/** Whether it is no value of an input, of which cells are counted. */
export function isDerived(feature: ProfileFeature): boolean {
  return derivationOf(feature) !== undefined;
}

/** What people call a feature that has no name of theirs, in words; nothing of one that has. */
export function sayDerived({ name, together, slice }: ProfileFeature): string | undefined {
  if (together !== undefined) return nameTogether(name, together.columns);
  if (slice === undefined) return undefined;
  return `the ${slice.of} where ${slice.column} is ${slice.value}`;
}

/** What people call a direction through columns: of two "how `age` and `income` go together", of all "how the 6 columns go together (3)". */
function nameTogether(name: string, columns: readonly string[]): string {
  const [first = '', second = ''] = columns;
  const number = DRAWN.exec(name)?.groups?.['number'];
  if (columns.length === 2 && number === undefined) return `how ${first} and ${second} go together`;
  return `how the ${formatCount(columns.length)} columns go together (${number ?? ''})`;
}

/** Whether these are several columns that may go together, and none of them watches how: built before any did, or none could. */
export function lackTogether(features: readonly ProfileFeature[]): boolean {
  const columns = features.filter(isVaryingColumn);
  return columns.length > 1 && !features.some(({ together }) => together !== undefined);
}

/** Whether directions go through it: a column of numbers that vary and that hardly any row lacks. */
function isVaryingColumn({ kind, counts, missing }: ProfileFeature): boolean {
  const isThere = missing <= MOST_MISSING * (sumOf(counts) + missing);
  return kind === 'numeric' && isThere && counts.filter((count) => count > 0).length > 1;
}
