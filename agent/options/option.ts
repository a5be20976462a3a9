import { z } from 'zod';
import type { Problem, Where } from '../../core/errors.ts';

/** What a row of the table tells of an option beside its parser; `default` is text, as a user would give it. */
type Row = {
  readonly help: string;
  readonly default?: string;
  /** `switch`: its name alone turns it on. `secret`: taken from the environment alone, since flags show in the list of processes. */
  readonly kind?: 'switch' | 'secret';
};

/** An option as it is told of. `flag` (without dashes) and `variable` follow from its name. */
export type Option = Row & { readonly name: string; readonly flag: string; readonly variable: string };

const ROWS = z.registry<Row>();

/** A row of the table: what is told of an option, and in `parse` what its text may be and what becomes of it. */
export function option<T extends z.ZodType>({ parse, ...row }: Row & { readonly parse: T }): T {
  // Rows may share a parser; what is told of them is their own.
  const own = parse.clone();
  ROWS.add(own, row);
  return own;
}

/** The option that a row declared: `dataDir` is given as `--data-dir` or as `TRAINYARD_AGENT_DATA_DIR`. */
export function describeOption([name, declared]: readonly [string, z.ZodType]): Option {
  const row = ROWS.get(declared);
  if (row === undefined) throw new Error(`${name} is not declared as an option.`);
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { ...row, name, flag, variable: `TRAINYARD_AGENT_${flag.toUpperCase().replaceAll('-', '_')}` };
}

/** What an option is called to who gives it: its flag, or the variable of a secret. */
export function shownName({ kind, flag, variable }: Option): string {
  return kind === 'secret' ? variable : `--${flag}`;
}

/** What is wrong with an option, and how else it can be set: where it stands in a file, there. */
export function problemWith(option: Option, message: string, where?: Where): Problem {
  if (where !== undefined)
    return {
      code: 'option-invalid',
      message: `${option.flag}: ${message}.`,
      remedy: 'Change it there.',
      where,
    };
  const ways = option.kind === 'secret' ? option.variable : `--${option.flag} or ${option.variable}`;
  return { code: 'option-invalid', message: `${shownName(option)}: ${message}.`, remedy: `Set ${ways}.` };
}
