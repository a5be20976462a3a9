import { formatCount } from '../report/format-number.ts';
import type { ProfileFeature, ReferenceProfile } from './profile.ts';

/** How the names of features begin that watch several columns at once (`runtime/trainyard/dependence.py`). */
const PREFIX = 'together/';
const NUMBER = /-(?<number>\d+)$/;

/** How the names of features begin that are of the answers in one slice (`runtime/trainyard/slices.py`). */
const SLICE = 'slice/';

/** Whether what is counted under this name is no value of an input, of which cells are counted. */
export function isDerived(name: string): boolean {
  return isTogether(name) || isOfSlice(name);
}

/** Whether it is of the answers, or the confidences, in one slice. */
export function isOfSlice(name: string): boolean {
  return name.startsWith(SLICE);
}

/** What people call a feature that has no name of theirs, in words; nothing of one that has. */
export function sayDerived({ name, together, slice }: ProfileFeature): string | undefined {
  if (together !== undefined) return nameTogether(name, together.columns);
  if (slice === undefined) return undefined;
  return `the ${slice.of} where ${slice.column} is ${slice.value}`;
}

/** Whether it is of several columns at once. */
export function isTogether(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** What people call a direction through columns: of two "how `age` and `income` go together", of all "how the 6 columns go together (3)". */
function nameTogether(name: string, columns: readonly string[]): string {
  const [first = '', second = ''] = columns;
  if (columns.length === 2 && !isDrawn(name)) return `how ${first} and ${second} go together`;
  return `how the ${formatCount(columns.length)} columns go together (${NUMBER.exec(name)?.groups?.['number'] ?? ''})`;
}

/** Whether it is one that could watch how columns go together, and was built before any did. */
export function isBuiltWithoutTogether({ features }: ReferenceProfile): boolean {
  const columns = features.filter(isVaryingColumn);
  return columns.length > 1 && !features.some(({ name }) => isTogether(name));
}

function isDrawn(name: string): boolean {
  return name.startsWith(`${PREFIX}all-`);
}

function isVaryingColumn({ kind, counts }: ProfileFeature): boolean {
  return kind === 'numeric' && counts.filter((count) => count > 0).length > 1;
}
