import { parseArgs } from 'node:util';
import { didYouMean } from '../core/did-you-mean.ts';
import { messageOf, UserError } from '../core/errors.ts';
import type { CliCommand, Given } from './command.ts';

/** What a command line asks for. */
type Asked =
  | { readonly kind: 'run'; readonly command: CliCommand; readonly given: Given }
  | { readonly kind: 'help'; readonly command: CliCommand | undefined }
  | { readonly kind: 'version' };

/** Reads a command line. Throws a UserError for one that means nothing. */
export function readCommand(argv: readonly string[], commands: readonly CliCommand[]): Asked {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    return { kind: 'help', command: commands.find((one) => one.name === rest[0]) };
  }
  if (name === '--version') return { kind: 'version' };
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw unknownCommand(name, commands);
  if (rest.includes('--help') || rest.includes('-h')) return { kind: 'help', command };
  return { kind: 'run', command, given: readGiven(command, rest) };
}

function readGiven({ name, words, options }: CliCommand, args: readonly string[]): Given {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        Object.entries(options).map(([key, { type, multiple = false, default: fallback }]) => [
          key,
          { type, multiple, ...(fallback !== undefined && { default: fallback }) },
        ]),
      ),
      allowPositionals: words !== undefined,
    });
    const value = (key: string): unknown => values[key];
    return {
      words: positionals,
      text: (key) => textOf(value(key)),
      list: (key) => [value(key)].flat().flatMap((one) => textOf(one) ?? []),
      flag: (key) => value(key) === true,
    };
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw usage(messageOf(thrown).split('. ')[0] ?? '', `trainyard ${name} --help lists what it takes.`);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function unknownCommand(name: string, commands: readonly CliCommand[]): UserError {
  const names = commands.map((one) => one.name);
  const nearest = didYouMean(name, names);
  const list = `Commands: ${names.join(', ')}.`;
  return usage(
    `There is no command ${name}`,
    nearest === undefined ? list : `Did you mean ${nearest}? ${list}`,
  );
}

function usage(message: string, remedy: string): UserError {
  return new UserError([{ code: 'usage', message: `${message.replace(/\.$/, '')}.`, remedy }]);
}
