import { didYouMean } from '../../core/did-you-mean.ts';
import type { Problem, Where } from '../../core/errors.ts';
import type { Option } from './option.ts';

/** The text of an option, and where it was written. */
type Setting = { readonly text: string; readonly where: Where & { readonly kind: 'file' } };

/** The lines of TOML that an option can be: a key and one value of it. */
const LINE =
  /^(?:(?<key>[\w-]+)|"(?<quoted>[\w-]+)")\s*=\s*(?:(?<basic>"(?:[^"\\]|\\(?:["\\bfnrt]|u[\da-fA-F]{4}))*")|'(?<literal>[^']*)'|(?<plain>true|false|[+-]?\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?))\s*(?:#.*)?$/;
const KEY = /^"?(?<key>[\w-]+)"?\s*=/;

/**
 * Reads options from TOML (toml.io/en/v1.0.0), in which each stands on a line of its own under its flag without dashes: `data-dir =
 * "/var/lib/trainyard"`. They are texts, numbers, true and false; tables, lists and texts of several lines have no meaning here. Every line
 * that is wrong is told of with its number.
 */
export function readSettings(
  text: string,
  { file, options }: { readonly file: string; readonly options: readonly Option[] },
): { readonly settings: ReadonlyMap<string, Setting>; readonly problems: readonly Problem[] } {
  const settings = new Map<string, Setting>();
  const problems: Problem[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const where = { kind: 'file', file, line: index + 1 } as const;
    const key = KEY.exec(line)?.groups?.['key'];
    const earlier = key === undefined ? undefined : settings.get(key);
    const problem = key === undefined ? noOption() : problemOf(key, { options, earlier });
    const value = readValue(line);
    if (problem !== undefined) problems.push({ ...problem, where });
    else if (key === undefined || value === undefined) problems.push({ ...noValue(key ?? ''), where });
    else settings.set(key, { text: value, where });
  }
  return { settings, problems };
}

function readValue(line: string): string | undefined {
  const { basic, literal, plain } = LINE.exec(line)?.groups ?? {};
  // What a basic string may escape here, JSON escapes alike.
  if (basic !== undefined) return String(JSON.parse(basic));
  return literal ?? plain?.replaceAll('_', '');
}

function problemOf(
  key: string,
  { options, earlier }: { readonly options: readonly Option[]; readonly earlier: Setting | undefined },
): Problem | undefined {
  if (earlier !== undefined) {
    const remedy = 'Keep one of the two.';
    return {
      code: 'option-invalid',
      message: `${key} stands in line ${earlier.where.line} already.`,
      remedy,
    };
  }
  const option = options.find(({ flag }) => flag === key);
  if (option === undefined) {
    const near = didYouMean(
      key,
      options.map(({ flag }) => flag),
    );
    const remedy = `${near === undefined ? '' : `Did you mean ${near}? `}See --help: a key is a flag without its dashes.`;
    return { code: 'option-unknown', message: `${key} is no option.`, remedy };
  }
  if (option.kind !== 'secret') return undefined;
  return {
    code: 'option-unknown',
    message: `${key} is a secret, and none stands in this file.`,
    remedy: `Name a file of it, as ${key}-file does, or set ${option.variable}.`,
  };
}

function noOption(): Omit<Problem, 'where'> {
  return {
    code: 'option-invalid',
    message: 'This line sets no option.',
    remedy: 'Write key = "value", an option a line, and no tables.',
  };
}

function noValue(key: string): Omit<Problem, 'where'> {
  return {
    code: 'option-invalid',
    message: `${key} has no value that can be read.`,
    remedy: 'Write a text in quotes, a number, true or false, on one line.',
  };
}
