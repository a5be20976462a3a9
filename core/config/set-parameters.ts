import { isMap, isScalar, parseDocument } from 'yaml';
import { findExcess } from './bound-yaml.ts';
import type { Scalar } from './config.ts';
import { escapeVariables } from './expand-variables.ts';

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
  const place = document.errors.length === 0 ? document.getIn(['project', 'parameters']) : undefined;
  if (!isMap(place)) return undefined;
  const wanted = escapeAll(parameters);
  const edits: { readonly from: number; readonly to: number; readonly value: string }[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const node = place.get(name, true);
    if (!isScalar(node) || node.range === undefined || node.range === null) return undefined;
    const [from, to] = node.range;
    // A block of several lines has no place of its own.
    if (to <= from || text.slice(from, to).includes('\n')) return undefined;
    edits.push({ from, to, value: spell(value) });
  }
  const changed = edits
    .toSorted((left, right) => right.from - left.from)
    .reduce((whole, { from, to, value }) => `${whole.slice(0, from)}${value}${whole.slice(to)}`, text);
  if (!saysJust(changed, document.toJS(), wanted)) return undefined;
  return { text: changed, lines: compareLines(text, changed) };
}

/** Whether the file says what it said but for these: an anchor gives a value to other places too, and a tag makes another of it. */
function saysJust(changed: string, before: unknown, wanted: Readonly<Record<string, Scalar>>): boolean {
  if (!isMapping(before) || !isMapping(before['project'])) return false;
  const { parameters } = before['project'];
  if (!isMapping(parameters)) return false;
  const project = { ...before['project'], parameters: { ...parameters, ...wanted } };
  return JSON.stringify(parseDocument(changed).toJS()) === JSON.stringify({ ...before, project });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As they are written: a text that looks like a variable is to be read as it is. */
function escapeAll(parameters: Readonly<Record<string, Scalar>>): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? escapeVariables(value) : value,
    ]),
  );
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
