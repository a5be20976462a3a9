import { SECRETS } from '../core/names.ts';

/** What user code may see of the job's environment: the tracking credentials, and none of the action's own inputs or secrets. */
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
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.test(name) && !named.has(name)));
}
