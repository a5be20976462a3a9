import { formatProblem } from '../errors.ts';
import type { Checked } from './checked.ts';

/** What was looked at, for a terminal: its lines, and how many of them are errors. */
type Told = { readonly lines: readonly string[]; readonly errors: number };

/** Tells what was found, a line each and their sum, or all of it as one line of JSON. */
export function tellChecked(checked: readonly Checked[], asJson: boolean): Told {
  const flawed = checked.filter((one) => one.kind === 'flawed');
  const errors = flawed.filter(({ level }) => level === 'error').length;
  const warnings = flawed.length - errors;
  if (asJson) return { lines: [JSON.stringify({ schema_version: 1, errors, warnings, checked })], errors };
  const sum = `${count(errors, 'error')}, ${count(warnings, 'warning')}.`;
  return { lines: [...checked.map(lineOf), sum], errors };
}

function lineOf(one: Checked): string {
  switch (one.kind) {
    case 'fine':
      return `ok       ${one.subject}: ${one.text}`;
    case 'passed-over':
      return `-        ${one.subject}: ${one.text}`;
    case 'flawed':
      return `${one.level.padEnd(8)} ${one.subject}: ${formatProblem(one.problem)}`;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
