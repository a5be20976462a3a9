import { readConfigText } from '../../adapters/load-config.ts';
import { configVariables } from '../../adapters/without-secrets.ts';
import { type Checked, errors, fine, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { Problem } from '../../core/errors.ts';
import { metricNames } from '../../core/gate/metrics/metrics.ts';
import { COMMAND_LINE } from '../../core/names.ts';

const SUBJECT = 'configuration';
/** What is wrong here and may be right where jobs run. */
const OF_SURROUNDINGS: ReadonlySet<string> = new Set(['missing-variable', 'missing-tracking']);

type Looked = {
  /** Absent where it can't be used; variables without a value stand in it as they are written. */
  readonly config: Config | undefined;
  readonly text: string | undefined;
  readonly checked: readonly Checked[];
};

/** Reads the configuration as plan does. A variable that has no value here is a warning: runners have others. */
export async function lookAtConfiguration(
  folder: string,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Looked> {
  const read = await readConfigText(folder, file);
  if (!read.ok) {
    const remedy = `Write it with \`${COMMAND_LINE} init\`.`;
    const init = (problem: Problem) => (problem.code === 'missing-config' ? { ...problem, remedy } : problem);
    return { config: undefined, text: undefined, checked: errors(SUBJECT, read.error.map(init)) };
  }
  const text = read.value;
  const strict = parseConfig(text, { file, env: configVariables(env) });
  if (strict.ok) return { config: strict.value, text, checked: [describe(strict.value)] };
  const unset = strict.error.filter(({ code }) => OF_SURROUNDINGS.has(code));
  const lenient = parseConfig(text, { file, env: configVariables(env), needs: [] });
  const told = warnings(SUBJECT, unset);
  if (lenient.ok) return { config: lenient.value, text, checked: [describe(lenient.value), ...told] };
  const wrong = strict.error.filter(({ code }) => !OF_SURROUNDINGS.has(code));
  const metrics = wrong.some(({ code }) => code === 'unknown-metric') ? [listMetrics()] : [];
  return { config: undefined, text, checked: [...errors(SUBJECT, wrong), ...told, ...metrics] };
}

function describe({ model, gate, environments }: Config): Checked {
  const names = Object.keys(environments).join(', ') || 'no environments';
  return fine(SUBJECT, `model ${model}, ${gate.length} rules of the gate, ${names}`);
}

function listMetrics(): Checked {
  return fine('metrics', `those that are computed here: ${metricNames().join(', ')}`);
}
