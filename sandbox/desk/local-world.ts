import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { type AgentHost, startAgentHost } from '../agent/agent-host.ts';
import { type HostKeys, makeKeys } from '../agent/make-keys.ts';
import { venvProgram } from '../checkout.ts';
import { type MlflowServer, startMlflow } from '../machine/mlflow-server.ts';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import { readRepository } from './adapt-repository.ts';
import { makePythonAbove } from './python-above.ts';

/** Who speaks and pushes here. */
export const PERSON = 'you';

/** A repository of somebody's own with all that serves it, on this machine. */
export type LocalWorld = {
  /** The working copy. */
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly mlflow: MlflowServer;
  /** One host for each environment. */
  readonly hosts: ReadonlyMap<string, AgentHost>;
  readonly keys: HostKeys;
  readonly stop: () => Promise<void>;
};

/** Where a world is kept, and what its runner and its hosts have beside the packages of this checkout. */
type Keeping = {
  /** Everything is written below it; it is emptied first. */
  readonly state: string;
  /** The environment of runner and hosts, which stays. */
  readonly environment: string;
  /** Requirement files, as pip reads them. */
  readonly requirements: readonly string[];
  readonly say: (line: string) => void;
};

/** Starts GitHub, MLflow and a host for each environment, for a working copy. */
export async function startLocalWorld(
  folder: string,
  { state, environment: above, requirements, say }: Keeping,
): Promise<LocalWorld> {
  const { environments, labels, variables } = readRepository(folder);
  rmSync(state, { recursive: true, force: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    const base = venvProgram('python');
    const own = requirements.length === 0 ? undefined : makePythonAbove(base, above, requirements, say);
    const python = own?.python ?? base;
    const mlflow = await startMlflow({ python: base, folder: path.join(state, 'mlflow'), env: process.env });
    stops.push(() => mlflow.child.stop());
    const keys = makeKeys();
    const sandbox = await startSandbox({
      folder: path.join(state, 'github'),
      defaultBranch: branchOf(folder),
      people: { [PERSON]: 'maintain' },
      labels,
      secrets: {
        TRAINYARD_AGENT_TOKEN: keys.deployer,
        TRAINYARD_DISPATCH_SECRET: keys.dispatchSecret,
        TRAINYARD_SIGNING_KEY: keys.signingKey,
      },
      variables: { MLFLOW_TRACKING_URI: mlflow.url },
      env: {
        ...Object.fromEntries(variables.map((name) => [name, process.env[name] ?? ''])),
        // Boxes show a Python's own folder; the packages below it lie in another.
        ...(own !== undefined && { TRAINYARD_BOX_SHOW: own.shared }),
      },
      ...(own !== undefined && { programs: path.dirname(own.python) }),
    });
    stops.push(sandbox.stop);
    const hosts = new Map<string, AgentHost>();
    for (const environment of environments) {
      const host = await startHost({ state, sandbox, keys, environment, python });
      stops.push(host.down);
      hosts.set(environment, host);
    }
    return { folder, sandbox, mlflow, hosts, keys, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** The branch that is the default one on origin, else the one at hand. */
function branchOf(folder: string): string {
  const ask = (...args: readonly string[]) =>
    execFileSync('git', ['symbolic-ref', '--short', ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  try {
    return ask('refs/remotes/origin/HEAD').replace(/^origin\//, '');
  } catch {
    return ask('HEAD');
  }
}

async function startHost({
  state,
  sandbox,
  keys,
  environment,
  python,
}: {
  readonly state: string;
  readonly sandbox: Sandbox;
  readonly keys: HostKeys;
  readonly environment: string;
  readonly python: string;
}): Promise<AgentHost> {
  return startAgentHost({
    folder: path.join(state, 'hosts', environment),
    ...{ python, environment, deployerToken: keys.deployer, trustedKey: keys.trustedKey },
    report: {
      apiUrl: sandbox.github.addresses.api,
      repository: sandbox.repository.fullName,
      token: sandbox.tokens.agent,
      secret: keys.dispatchSecret,
    },
    flags: { 'host-name': `sandbox-${environment}`, 'tick-seconds': '1', 'window-seconds': '10' },
  });
}
