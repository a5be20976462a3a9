import { readFileSync, statSync } from 'node:fs';
import type { Problem } from '../../core/errors.ts';
import { describeOption, problemWith } from './option.ts';
import { type OptionName, optionsSchema } from './table.ts';

/** What was read, if it could be, and what is wrong with it. */
export type Read<T> = { readonly value: T | undefined; readonly problems: readonly Problem[] };

/** Whoever changes such a file gives himself a role, or trusts his own key. */
const OTHERS_WRITE = 0o002;

/** Of an option that nobody gave. */
export const NOT_GIVEN: Read<never> = { value: undefined, problems: [] };

/** A secret from the file that an option names, or else from the environment. */
export function readSecret(
  option: OptionName,
  path: string | undefined,
  text: string | undefined,
): Read<string> {
  if (path === undefined) return found(text);
  const { value, problems } = readFile(option, path);
  return { value: value?.trim(), problems };
}

/** The text of a file that an option names, and that not every user of the host may change. */
export function readFile(option: OptionName, path: string): Read<string> {
  try {
    const about = statSync(path);
    if (about.isFile() && (about.mode & OTHERS_WRITE) !== 0)
      return wrong(option, `the file ${path} can be changed by every user of this host: chmod o-w ${path}`);
    return found(readFileSync(path, 'utf8'));
  } catch {
    return wrong(option, `the file ${path} can't be read`);
  }
}

/** What was read without a problem. */
export function found<T>(value: T | undefined): Read<T> {
  return { value, problems: [] };
}

/** Nothing, for this reason. */
export function wrong(name: OptionName, message: string): Read<never> {
  return { value: undefined, problems: [problem(name, message)] };
}

/** What is wrong with an option, and how else it can be set. */
export function problem(name: OptionName, message: string): Problem {
  return problemWith(describeOption([name, optionsSchema.shape[name]]), message);
}
