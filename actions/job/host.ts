import type { context } from '@actions/github';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { childVariables } from '../../adapters/network/child-variables.ts';
import { type ProcessVariables, proxySecrets } from '../../adapters/network/choose-proxy.ts';
import { withoutUnusable } from '../../adapters/network/client-certificate.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import type { Workflow } from '../../core/ledger/event.ts';
import { SECRETS, STORAGE_VARIABLE } from '../../core/names.ts';
import type { Log, RunCommand } from '../../core/ports.ts';
import { readSecret } from '../../core/serving/secret-of.ts';
import { readGivenVariables } from './given-variables.ts';

/** Environment variables that hold secrets: masked before anything is printed. */
const SECRET_VARIABLES = [
  ...Object.values(SECRETS),
  'MLFLOW_TRACKING_PASSWORD',
  'MLFLOW_TRACKING_TOKEN',
  STORAGE_VARIABLE,
] as const;

/** The toolkit's reading of the event and of the run it led to. */
type RunContext = Pick<
  typeof context,
  'eventName' | 'payload' | 'sha' | 'actor' | 'runId' | 'runAttempt' | 'serverUrl' | 'apiUrl'
>;

/** The runner and the workflow run, as the environment tells them. */
export type Host = {
  readonly env: ProcessVariables;
  /**
   * The environment of the programs a job starts: the runner's, and how to reach the network, in every program's own words. Throws
   * a UserError when it names certificates that can't be read.
   */
  readonly childEnv: () => ProcessVariables;
  readonly workspace: string;
  readonly temp: string;
  readonly eventName: string;
  /** What GitHub says of the event. */
  readonly payload: unknown;
  readonly actor: string;
  readonly serverUrl: string;
  readonly apiUrl: string;
  readonly workflow: Workflow;
  readonly runUrl: string;
  /** The way to every service: through the proxy, and trusting the authorities, that the environment names. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * The way to the agent of one host, of which the configuration may name the certificate (SHA-256). A client certificate that can't be
   * used is warned of once, and not shown: it must not keep a job from the hosts that ask for none.
   */
  readonly fetchOf: (fingerprint: string | undefined) => typeof globalThis.fetch;
  /** Runs a command that needs no more than its end; it reaches the network as `childEnv` says. */
  readonly run: RunCommand;
};

/** Where the variables stand that the caller of the workflow gives its jobs. */
const GIVEN_VARIABLES = 'TRAINYARD_ENV';

/** Adds to the run's context what the runner's environment, and the caller, tell. Throws a UserError where the caller's can't be read. */
export function readHost(own: ProcessVariables, run: RunContext, log: Log): Host {
  const env = { ...own, ...readGivenVariables(own[GIVEN_VARIABLES] ?? '') };
  const { eventName = '', payload, sha = '', actor = 'unknown', serverUrl, apiUrl } = run;
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  const id = String(run.runId || 0);
  const temp = env['RUNNER_TEMP'] ?? '/tmp';
  let network: ReturnType<typeof childVariables> | undefined;
  // Made for the first program that is started: it reads and writes certificates, and many jobs start none.
  const networkOnce = () => {
    network ??= childVariables(env, temp, log.warn);
    return network;
  };
  let agents: ProcessVariables | undefined;
  const agentsOnce = () => {
    agents ??= withoutUnusable(env, log.warn);
    return agents;
  };
  const fetch = createFetch(env);
  return {
    env,
    childEnv: () => ({ ...env, ...networkOnce() }),
    workspace: env['GITHUB_WORKSPACE'] ?? process.cwd(),
    temp,
    eventName,
    payload,
    // A re-run is done by someone else with the first actor's privileges: who asked last is who counts.
    actor: env['GITHUB_TRIGGERING_ACTOR'] ?? actor,
    serverUrl,
    apiUrl,
    workflow: { repository, run: id, attempt: Math.max(1, run.runAttempt || 1), sha },
    runUrl: `${serverUrl}/${repository}/actions/runs/${id}`,
    fetch,
    fetchOf: (fingerprint) => createAgentFetch(agentsOnce(), fingerprint, fetch),
    run: async (command) => {
      const { execCommand } = await import(/* webpackMode: "eager" */ './exec-command.ts');
      return execCommand({ ...command, env: { ...command.env, ...networkOnce() } });
    },
  };
}

/** What of the environment must never be printed, line by line. */
export function secretsOf(env: ProcessVariables): readonly string[] {
  const lines = SECRET_VARIABLES.flatMap((name) => (env[name] ?? '').split('\n').map((line) => line.trim()));
  const shared = [SECRETS.agentToken, SECRETS.dispatchSecret, SECRETS.webhook];
  const parts = shared.flatMap((name) => [...readSecret(env[name] ?? '').values()]);
  return [...lines, ...parts, ...proxySecrets(env)].filter(
    (line) => line !== '' && !line.startsWith('-----'),
  );
}
