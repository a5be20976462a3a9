import type { Config, Scalar } from '../config/config.ts';
import { SEARCH_LIMITS } from '../config/schema/search.ts';
import { didYouMean } from '../did-you-mean.ts';
import { err, ok, type Result } from '../result.ts';
import { type Refused, refuse } from './decision.ts';

const MAX_TEXT = 200;
const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

type Parameters = Readonly<Record<string, Scalar>>;

/** What a search takes beside the project's parameters. */
const SEARCH_PARAMETERS = ['trials', 'jobs'] as const;

/** Checks wanted parameters against those of `trainyard.yml`: only its names, each of the type of its value there. */
export function readParameters(
  config: Config,
  operation: 'train' | 'tune',
  wanted: Parameters,
): Result<Parameters, Refused> {
  const known = knownParameters(config, operation);
  const read: Record<string, Scalar> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const usual = Object.hasOwn(known, name) ? known[name] : undefined;
    if (usual === undefined) return err(unknownParameter(name, Object.keys(known)));
    const fitting = convert(value, usual);
    if (fitting === undefined) return err(badParameter(name, value, usual));
    const bad = checkSearchParameter(name, fitting, config);
    if (bad !== undefined) return err(bad);
    read[name] = fitting;
  }
  return ok(read);
}

function knownParameters({ project, search }: Config, operation: 'train' | 'tune'): Parameters {
  if (operation === 'train' || search === undefined) return project.parameters;
  const own = SEARCH_PARAMETERS.map((name) => [name, search[name]] as const);
  return { ...Object.fromEntries(own), ...project.parameters };
}

/** How many trials, and how many at a time, is no parameter of the project's and has the limits of the configuration's key. */
function checkSearchParameter(name: string, value: Scalar, { project }: Config): Refused | undefined {
  const own = SEARCH_PARAMETERS.find((known) => known === name);
  if (own === undefined || Object.hasOwn(project.parameters, name)) return undefined;
  const most = SEARCH_LIMITS[own];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return undefined;
  return refuse(
    'bad-parameter',
    `\`${name}\` must be a whole number from 1 to ${most}, not ${String(value)}.`,
    `Write for example \`${name}=${Math.min(20, most)}\`.`,
  );
}

/** The value in the type of the usual one; `undefined` when it has no such reading. */
function convert(value: Scalar, usual: Scalar): Scalar | undefined {
  const text = String(value).trim();
  if (typeof usual === 'number') {
    const number = text === '' || /^[+-]?0[xob]/i.test(text) ? Number.NaN : Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  if (typeof usual === 'boolean') {
    if (/^(?:true|yes|on)$/i.test(text)) return true;
    return /^(?:false|no|off)$/i.test(text) ? false : undefined;
  }
  return text.length <= MAX_TEXT && PRINTABLE.test(text) ? text : undefined;
}

/** The refusal of a parameter that a project has not. */
export function unknownParameter(name: string, known: readonly string[]): Refused {
  const nearest = didYouMean(name, known);
  const list = known.length === 0 ? 'It has none yet.' : `It has ${known.join(', ')}.`;
  return refuse(
    'unknown-parameter',
    `\`${name.slice(0, 100)}\` is no parameter of this project.`,
    nearest === undefined
      ? `Add it to \`project.parameters\` of trainyard.yml first. ${list}`
      : `Did you mean \`${nearest}\`? ${list}`,
  );
}

function badParameter(name: string, value: Scalar, usual: Scalar): Refused {
  const nouns = {
    number: 'a number',
    boolean: 'true or false',
    string: `up to ${MAX_TEXT} printable characters`,
  };
  const noun =
    typeof usual === 'number' ? nouns.number : typeof usual === 'boolean' ? nouns.boolean : nouns.string;
  return refuse(
    'bad-parameter',
    `\`${name}\` must be ${noun}, not ${JSON.stringify(String(value).slice(0, 50))}.`,
    `Write for example \`${name}=${String(usual)}\`.`,
  );
}
