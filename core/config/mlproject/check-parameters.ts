import { didYouMean } from '../../did-you-mean.ts';
import type { Scalar } from '../config.ts';
import type { EntryPoint, Mlproject } from './mlproject.ts';

/** Types as people write them; MLflow takes any word, and tells texts and numbers apart nowhere. */
const WHOLE: ReadonlySet<string> = new Set(['int', 'integer', 'long']);
const NUMBER: ReadonlySet<string> = new Set(['float', 'double', 'number']);
const FLAG: ReadonlySet<string> = new Set(['bool', 'boolean']);

/** One thing wrong with a parameter that a training would be given. */
type ParameterProblem = {
  readonly code: 'unknown-project-parameter' | 'bad-parameter' | 'missing-project-parameter';
  readonly name: string;
  readonly message: string;
  readonly remedy: string;
};

/**
 * What an entry point of the MLproject file can't be started with. A value that names a variable without a value is passed over, and so are
 * parameters of an entry point that declares none: MLflow hands those to its command as `--name value`.
 */
export function checkParameters(
  { file }: Mlproject,
  name: string,
  { entry, values }: { readonly entry: EntryPoint; readonly values: Readonly<Record<string, Scalar>> },
): readonly ParameterProblem[] {
  const declared = Object.entries(entry.parameters);
  if (declared.length === 0) return [];
  const names = declared.map(([key]) => key);
  const unknown = Object.keys(values)
    .filter((key) => !names.includes(key))
    .map((key) => unknownParameter(key, `The entry point ${name} of ${file}`, names));
  const given = declared.flatMap(([key, { type, default: fallback }]) => {
    const value = values[key];
    if (value !== undefined) return isOfType(value, type) ? [] : [wrongType(key, value, { type, file })];
    return fallback === undefined ? [missingValue(key, `${name} of ${file}`)] : [];
  });
  return [...unknown, ...given];
}

/** Whether a program that reads its argument as this type takes the value. */
function isOfType(value: Scalar, written: string): boolean {
  const type = written.trim().toLowerCase();
  const text = String(value).trim();
  if (/\$\{/.test(text)) return true;
  if (WHOLE.has(type)) return /^[+-]?\d+$/.test(text);
  if (NUMBER.has(type)) return text !== '' && typeof value !== 'boolean' && Number.isFinite(Number(text));
  if (FLAG.has(type)) return /^(?:true|false|yes|no|on|off|0|1)$/i.test(text);
  return true;
}

function unknownParameter(key: string, where: string, names: readonly string[]): ParameterProblem {
  const nearest = didYouMean(key, names);
  const list = `It has ${names.join(', ')}.`;
  return {
    code: 'unknown-project-parameter',
    name: key,
    message: `${where} has no parameter \`${key}\`.`,
    remedy:
      nearest === undefined
        ? `Declare it there, or take it out. ${list}`
        : `Did you mean \`${nearest}\`? ${list}`,
  };
}

function wrongType(
  key: string,
  value: Scalar,
  { type, file }: { readonly type: string; readonly file: string },
): ParameterProblem {
  return {
    code: 'bad-parameter',
    name: key,
    message: `\`${key}\` is ${JSON.stringify(value)}, and ${file} declares it as ${type}.`,
    remedy: `Give a value of that type, or declare another one.`,
  };
}

function missingValue(key: string, where: string): ParameterProblem {
  return {
    code: 'missing-project-parameter',
    name: key,
    message: `\`${key}\` of the entry point ${where} has neither a default nor a value.`,
    remedy: `Add \`${key}: …\` to project.parameters of trainyard.yml, or a default there.`,
  };
}
