import { parseArgs } from 'node:util';
import type { Problem } from '../../core/errors.ts';
import { type Option, problemWith } from './option.ts';
import { readFile } from './read-file.ts';
import { readSettings } from './read-settings.ts';
import { OPTIONS, type OptionValues, optionsSchema } from './table.ts';

/** Names the file of settings, and so stands in none. */
const CONFIG = 'config';

/** Each option by itself, flags before the environment before the file of `--config` before defaults, and what is wrong: values only when each can be read. */
export function readValues(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly values: OptionValues | undefined; readonly problems: readonly Problem[] } {
  const { flags, problems } = readFlags(argv);
  const given = ({ flag, variable }: Option) => flags.get(flag) ?? (env[variable] || undefined);
  const { settings, problems: unread } = readConfig(given);
  const texts = OPTIONS.map((option) => [
    option.name,
    given(option) ?? settings.get(option.flag)?.text ?? option.default,
  ]);
  const parsed = optionsSchema.safeParse(Object.fromEntries(texts));
  const wrong = OPTIONS.flatMap((option) => {
    const issues = parsed.error?.issues.filter(({ path }) => path[0] === option.name) ?? [];
    const setting = given(option) === undefined ? settings.get(option.flag) : undefined;
    return issues.map(({ message }) => problemWith(option, message, setting?.where));
  });
  return { values: parsed.data, problems: [...problems, ...unread, ...wrong] };
}

function readConfig(given: (option: Option) => string | undefined): ReturnType<typeof readSettings> {
  const options = OPTIONS.filter(({ name }) => name !== CONFIG);
  for (const option of OPTIONS) {
    const file = option.name === CONFIG ? given(option) : undefined;
    if (file === undefined) continue;
    const { value, problems } = readFile(CONFIG, file);
    if (value === undefined) return { settings: new Map(), problems };
    return readSettings(value, { file, options });
  }
  return { settings: new Map(), problems: [] };
}

function readFlags(argv: readonly string[]): {
  readonly flags: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
} {
  const known = new Map(
    OPTIONS.filter(({ kind }) => kind !== 'secret').map((option) => [option.flag, option]),
  );
  const flags = new Map<string, string>();
  const problems: Problem[] = [];
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      [...known].map(
        ([flag, { kind }]) => [flag, { type: kind === 'switch' ? 'boolean' : 'string' }] as const,
      ),
    ),
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(flagProblem(`"${token.value}" is no option`));
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    const value = token.value ?? (option?.kind === 'switch' ? 'true' : undefined);
    if (option === undefined) problems.push(flagProblem(`${token.rawName} is no option`));
    else if (value === undefined) problems.push(flagProblem(`${token.rawName} needs a value`));
    else flags.set(token.name, value);
  }
  return { flags, problems };
}

function flagProblem(message: string): Problem {
  return { code: 'option-unknown', message: `${message}.`, remedy: 'See --help.' };
}
