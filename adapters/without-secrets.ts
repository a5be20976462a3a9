import { SECRETS, STORAGE_VARIABLE } from '../core/names.ts';

/**
 * What user code may see of the job's environment: the tracking credentials, and none of the action's own inputs or secrets. The address of
 * a search's storage is there by its name alone: the file that names it is the commit's, and could name it anywhere.
 */
export function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const hidden = /^(INPUT_|STATE_|ACTIONS_)/;
  // The runner's command files (GITHUB_OUTPUT and the like) would let a script set our outputs.
  const named = new Set<string>([
    ...Object.values(SECRETS),
    'GITHUB_TOKEN',
    'GITHUB_OUTPUT',
    'GITHUB_STATE',
    'GITHUB_ENV',
    'GITHUB_PATH',
    'GITHUB_STEP_SUMMARY',
  ]);
  const shown = Object.entries(env).filter(([name]) => !hidden.test(name) && !named.has(name));
  return Object.fromEntries(
    shown.map(([name, value]) => [name, name === STORAGE_VARIABLE && value ? NAMED_STORAGE : value]),
  );
}

/** What trainyard.yml may name. The variable of a storage it names in every job, and none but a search's has it, or needs it. */
export function configVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { ...withoutSecrets(env), [STORAGE_VARIABLE]: NAMED_STORAGE };
}

/** What `search.storage` says, as it is read, where it names the variable of the storage. */
export const NAMED_STORAGE = `\${${STORAGE_VARIABLE}}`;
