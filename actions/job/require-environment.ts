import { type Config, defaultEnvironment, type Environment } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';

type RequiredEnvironment = { readonly environmentName: string; readonly environment: Environment };

/** The environment of that name, or the default one. Rejects with a UserError when the configuration has none such. */
export function requireEnvironment(
  config: Config,
  name: string | undefined,
  file: string,
): RequiredEnvironment {
  const environmentName = name ?? defaultEnvironment(config);
  const environment = environmentName === undefined ? undefined : config.environments[environmentName];
  if (environmentName !== undefined && environment !== undefined) return { environmentName, environment };
  const known = Object.keys(config.environments).join(', ') || 'none';
  throw new UserError([
    {
      code: 'unknown-environment',
      message: `There is no environment ${environmentName ?? 'to deploy to'} (environments: ${known}).`,
      remedy: 'Add it under environments, with the addresses of its hosts.',
      where: { kind: 'file', file },
    },
  ]);
}
