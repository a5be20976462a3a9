import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What the runner's program says of itself, where `config.sh` or a just-in-time configuration has put it; both spell it their own way. */
const SETTINGS_FILE = '.runner';
const EPHEMERAL = /"ephemeral"\s*:\s*"?true"?/i;

/**
 * Whether the runner of this job takes another job after it, by its own settings. `undefined` where these are not beside its working
 * folder: nothing is known then.
 */
export async function livesOn(
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean | undefined> {
  const { RUNNER_TEMP: temp, RUNNER_ENVIRONMENT: environment } = env;
  if (environment === 'github-hosted') return false;
  if (temp === undefined) return undefined;
  const file = path.join(temp, '..', '..', SETTINGS_FILE);
  const settings = await readFile(file, 'utf8').catch(() => undefined);
  return settings === undefined ? undefined : !EPHEMERAL.test(settings);
}
