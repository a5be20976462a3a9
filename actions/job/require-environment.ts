import type { Config, Environment } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';

type RequiredEnvironment = { readonly environmentName: string; readonly environment: Environment };

/**
 * The environment of that name. Rejects with a UserError when the configuration has none such, and when none is named: the plan settles
 * it, and no job guesses it anew.
 */
export function requireEnvironment(
  config: Config,
  name: string | undefined,
  file: string,
): RequiredEnvironment {
  const environment =
    name !== undefined && Object.hasOwn(config.environments, name) ? config.environments[name] : undefined;
  if (name !== undefined && environment !== undefined) return { environmentName: name, environment };
  const known = Object.keys(config.environments).join(', ') || 'none';
  throw new UserError([
    {
      code: 'unknown-environment',
      message: `${
        name === undefined ? 'The plan names no environment' : `There is no environment ${name}`
      } (environments: ${known}).`,
      remedy: 'Add it under environments, with the addresses of its hosts.',
      where: { kind: 'file', file },
    },
  ]);
}
