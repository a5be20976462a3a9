import { isMap, isScalar, parseDocument } from 'yaml';
import { findExcess } from './bound-yaml.ts';
import type { Scalar } from './config.ts';

/** A line that is another than before. */
export type ChangedLine = { readonly line: number; readonly before: string; readonly after: string };

/** A file with other values, and the lines that differ. */
type Changed = { readonly text: string; readonly lines: readonly ChangedLine[] };

/**
 * The configuration with these values in `project.parameters`, and everything else as it is written, comments and all. `undefined`
 * where one of them can't be set so: the file is no YAML, or the value is not written there.
 */
export function setParameters(
  text: string,
  parameters: Readonly<Record<string, Scalar>>,
): Changed | undefined {
  if (findExcess(text) !== undefined) return undefined;
  const document = parseDocument(text);
  const written = document.errors.length === 0 ? document.getIn(['project', 'parameters']) : undefined;
  if (!isMap(written)) return undefined;
  const edits: { readonly from: number; readonly to: number; readonly value: string }[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    const node = written.get(name, true);
    // An anchor would give the value to other places too, and a block of several lines has no place of its own.
    const isPlain =
      isScalar(node) && node.anchor === undefined && node.range !== undefined && node.range !== null;
    if (!isPlain || node.range === undefined || node.range === null) return undefined;
    const [from, to] = node.range;
    if (to <= from || text.slice(from, to).includes('\n')) return undefined;
    edits.push({ from, to, value: spell(value) });
  }
  const changed = edits
    .toSorted((left, right) => right.from - left.from)
    .reduce((whole, { from, to, value }) => `${whole.slice(0, from)}${value}${whole.slice(to)}`, text);
  return { text: changed, lines: compareLines(text, changed) };
}

function spell(value: Scalar): string {
  // Quoted it stands inside of brackets too, and is no number, flag or date.
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function compareLines(before: string, after: string): readonly ChangedLine[] {
  const now = after.split('\n');
  return before.split('\n').flatMap((line, index) => {
    const other = now[index] ?? '';
    return line === other ? [] : [{ line: index + 1, before: line, after: other }];
  });
}
