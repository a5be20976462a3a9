import type { Checked } from '../core/check/checked.ts';
import { tellChecked } from '../core/check/tell-checked.ts';
import type { Printer } from './surroundings.ts';

/** How what was looked at is shown. */
type Shown = { readonly print: Printer; readonly asJson: boolean };

/** Shows what was found, a line each, with annotations in a job. Gives the exit code: 1 where there is an error. */
export function showChecked(checked: readonly Checked[], { print, asJson }: Shown): number {
  const { lines, errors } = tellChecked(checked, asJson);
  for (const line of lines) print.line(line);
  for (const one of asJson ? [] : checked) if (one.kind === 'flawed') print.annotate(one.level, one.problem);
  return errors > 0 ? 1 : 0;
}
