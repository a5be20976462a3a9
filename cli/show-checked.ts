import type { Checked } from '../core/check/checked.ts';
import { formatProblem } from '../core/errors.ts';
import type { Printer } from './surroundings.ts';

/** How what was looked at is shown. */
type Shown = { readonly print: Printer; readonly asJson: boolean };

/** Shows what was found, a line each, with annotations in a job. Gives the exit code: 1 where there is an error. */
export function showChecked(checked: readonly Checked[], { print, asJson }: Shown): number {
  const flawed = checked.filter((one) => one.kind === 'flawed');
  const errors = flawed.filter(({ level }) => level === 'error').length;
  if (asJson) {
    print.line(JSON.stringify({ schema_version: 1, errors, warnings: flawed.length - errors, checked }));
    return errors > 0 ? 1 : 0;
  }
  for (const one of checked) print.line(lineOf(one));
  for (const { level, problem } of flawed) print.annotate(level, problem);
  print.line(`${count(errors, 'error')}, ${count(flawed.length - errors, 'warning')}.`);
  return errors > 0 ? 1 : 0;
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
