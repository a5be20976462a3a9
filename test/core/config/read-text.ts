import type { Config } from '../../../core/config/config.ts';
import { type ParseOptions, parseConfig } from '../../../core/config/parse-config.ts';
import { formatProblem, type Problem } from '../../../core/errors.ts';

/** The least that a file has to say. */
export const MINIMAL = `version: 1
model: mnist
gate:
  - { metric: accuracy, floor: 0.9 }
`;
export const ENV = { MLFLOW_TRACKING_URI: 'http://mlflow:5000' };

/** What a file that has no problems says. */
export function parse(text: string, env: Record<string, string> = ENV, options: ParseOptions = {}): Config {
  const parsed = parseConfig(text, { file: 'trainyard.yml', env, ...options });
  if (!parsed.ok) throw new Error(parsed.error.map(formatProblem).join('\n'));
  return parsed.value;
}

/** All that is wrong with a file. */
export function problemsOf(
  text: string,
  env: Record<string, string> = ENV,
  options: ParseOptions = {},
): readonly Problem[] {
  const parsed = parseConfig(text, { file: 'trainyard.yml', env, ...options });
  return parsed.ok ? [] : parsed.error;
}

/** Where each problem stands, and its code. */
export function placesOf(text: string, env?: Record<string, string>): readonly string[] {
  return problemsOf(text, env).map(({ code, where }) =>
    where?.kind === 'file' ? `${where.line}:${where.column} ${code}` : code,
  );
}
