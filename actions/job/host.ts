import type { Workflow } from '../../core/ledger/event.ts';
import { SECRETS } from '../../core/names.ts';

/** Environment variables that hold secrets: masked before anything is printed. */
export const SECRET_VARIABLES = [
  ...Object.values(SECRETS),
  'MLFLOW_TRACKING_PASSWORD',
  'MLFLOW_TRACKING_TOKEN',
] as const;

/** The runner and the workflow run, as the environment tells them. */
export type Host = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workspace: string;
  readonly temp: string;
  readonly eventName: string;
  readonly eventPath: string;
  readonly actor: string;
  readonly serverUrl: string;
  readonly apiUrl: string;
  readonly workflow: Workflow;
  readonly runUrl: string;
};

/** Reads the runner's environment; on GitHub Enterprise Server and in local runs the addresses are its own. */
export function readHost(env: Readonly<Record<string, string | undefined>>): Host {
  const serverUrl = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  const run = env['GITHUB_RUN_ID'] ?? '0';
  return {
    env,
    workspace: env['GITHUB_WORKSPACE'] ?? process.cwd(),
    temp: env['RUNNER_TEMP'] ?? '/tmp',
    eventName: env['GITHUB_EVENT_NAME'] ?? '',
    eventPath: env['GITHUB_EVENT_PATH'] ?? '',
    // A re-run is done by someone else with the first actor's privileges: who asked last is who counts.
    actor: env['GITHUB_TRIGGERING_ACTOR'] ?? env['GITHUB_ACTOR'] ?? 'unknown',
    serverUrl,
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    workflow: {
      repository,
      run,
      attempt: Math.max(1, Number(env['GITHUB_RUN_ATTEMPT'] ?? '1') || 1),
      sha: env['GITHUB_SHA'] ?? '',
    },
    runUrl: `${serverUrl}/${repository}/actions/runs/${run}`,
  };
}
