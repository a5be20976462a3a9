import { didYouMean } from '../../did-you-mean.ts';
import type { Scalar } from '../config.ts';
import type { EntryPoint, Mlproject } from './mlproject.ts';

/** Types as people write them; MLflow takes any word, and tells texts and numbers apart nowhere. What each takes is what Python reads. */
const WHOLE: ReadonlySet<string> = new Set(['int', 'integer', 'long']);
const NUMBER: ReadonlySet<string> = new Set(['float', 'double', 'number']);
const FLAG: ReadonlySet<string> = new Set(['bool', 'boolean']);
const DIGITS = String.raw`\d+(?:_\d+)*`;
const WHOLE_TEXT = new RegExp(`^[+-]?${DIGITS}$`);
const NUMBER_TEXT = new RegExp(
  `^[+-]?(?:(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:e[+-]?${DIGITS})?|inf(?:inity)?|nan)$`,
  'i',
);
const FLAG_TEXT = /^(?:true|false|yes|no|on|off|[ytnf01])$/i;

/** One thing wrong with a parameter that a training would be given. */
type ParameterProblem = {
  readonly code: 'unknown-project-parameter' | 'bad-parameter' | 'missing-project-parameter';
  readonly name: string;
  readonly message: string;
  readonly remedy: string;
};

/** An entry point, and the values that it would be started with. */
type Given = { readonly entry: EntryPoint; readonly values: Readonly<Record<string, Scalar>> };

/**
 * What an entry point of the MLproject file can't be started with. A value that names a variable without a value is passed over, and so is a
 * parameter that is not declared and no slip of one that is: MLflow hands it to the command as `--name value`.
 */
export function checkParameters(
  { file }: Mlproject,
  name: string,
  { entry, values }: Given,
): readonly ParameterProblem[] {
  const unset = Object.keys(entry.parameters).filter((key) => values[key] === undefined);
  const unknown = findUndeclared({ entry, values }).flatMap((key) => {
    const nearest = didYouMean(key, unset);
    return nearest === undefined
      ? []
      : [unknownParameter(key, `The entry point ${name} of ${file}`, nearest)];
  });
  const given = Object.entries(entry.parameters).flatMap(([key, { type, isRequired }]) => {
    const value = values[key];
    if (value !== undefined) return isOfType(value, type) ? [] : [wrongType(key, value, { type, file })];
    return isRequired ? [missingValue(key, `${name} of ${file}`)] : [];
  });
  return [...unknown, ...given];
}

/** The parameters that an entry point is given beside those that it declares; none where it declares none. */
export function findUndeclared({ entry, values }: Given): readonly string[] {
  const names = Object.keys(entry.parameters);
  return names.length === 0 ? [] : Object.keys(values).filter((key) => !names.includes(key));
}

/** Whether values of a type may have any sign in them. */
export function takesText(written: string): boolean {
  const type = written.trim().toLowerCase();
  return ![WHOLE, NUMBER, FLAG].some((types) => types.has(type));
}

/** Whether a program that reads its argument as this type takes the value. */
function isOfType(value: Scalar, written: string): boolean {
  const type = written.trim().toLowerCase();
  const text = String(value).trim();
  if (/\$\{/.test(text)) return true;
  if (WHOLE.has(type)) return WHOLE_TEXT.test(text);
  if (NUMBER.has(type)) return NUMBER_TEXT.test(text);
  if (FLAG.has(type)) return FLAG_TEXT.test(text);
  return true;
}

function unknownParameter(key: string, where: string, nearest: string): ParameterProblem {
  return {
    code: 'unknown-project-parameter',
    name: key,
    message: `${where} has no parameter \`${key}\`.`,
    remedy: `Did you mean \`${nearest}\`? If not, declare \`${key}\` there too.`,
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
