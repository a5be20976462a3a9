import { ALIASES } from '../names.ts';

/** What each of Trainyard's aliases is called in MLflow for one environment. */
export type RegistryAliases = Readonly<Record<keyof typeof ALIASES, string>>;

/**
 * The aliases of an environment. A registry has one namespace, and each environment its own champion: the default environment, which
 * people mean when they name none, has the plain names (`champion`), every other its own (`champion-staging`).
 */
export function registryAliases(
  environment: string | undefined,
  defaultEnvironment: string | undefined,
): RegistryAliases {
  const suffix = environment === undefined || environment === defaultEnvironment ? '' : `-${environment}`;
  return {
    champion: `${ALIASES.champion}${suffix}`,
    challenger: `${ALIASES.challenger}${suffix}`,
    previous: `${ALIASES.previous}${suffix}`,
  };
}
