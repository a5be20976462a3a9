import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type AgentHost, startAgentHost } from '../../sandbox/agent/agent-host.ts';
import { findAgentPorts } from '../../sandbox/agent/agent-process.ts';
import { makeKeys } from '../../sandbox/agent/make-keys.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { readTemplate } from '../../sandbox/runner/staged-trainyard.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { digitsFolder } from '../../sandbox/traffic/digits.ts';

export const MODEL = 'mnist';
export const ENVIRONMENT = 'production';
/** People of the demo's repository: one may write, one may only read. */
export const WRITER = 'ada';
export const READER = 'eve';

/** A demonstration's clock for the agent: what takes a day in production takes seconds. */
export const QUICK_AGENT = {
  'tick-seconds': '1',
  'capture-seconds': '1',
  'window-seconds': '1',
  'drift-cycle-seconds': '2',
  'drift-tolerance': '0.1',
};
const EXAMPLE = path.join(ROOT, 'examples', 'mnist');

/** How the serving host runs models, where that is not as processes. */
export type ServingHost = {
  /** Flags of the agent. */
  readonly flags: Readonly<Record<string, string>>;
  /** Environment of the jobs that build packages. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of `serving` in trainyard.yml. */
  readonly configuration: Readonly<Record<string, string>>;
};

const PROCESSES: ServingHost = { flags: {}, env: {}, configuration: {} };

/** Everything a scene plays in. */
export type World = {
  /** The user's repository before its first push. */
  readonly project: Files;
  readonly sandbox: Sandbox;
  readonly mlflow: MlflowServer;
  readonly host: AgentHost;
  /** Folder of the raw data, outside any checkout. */
  readonly store: string;
  readonly tokens: { readonly deployer: string; readonly dispatchSecret: string };
  /** Delivers what changed to the raw data, some to train on and a holdout, by options of `prepare_data.py`. */
  readonly deliver: (options: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts GitHub, MLflow and one serving host on this machine, and fills the raw data with 10,000 real digits. */
export async function startWorld(
  folder: string,
  say: (line: string) => void,
  serving: ServingHost = PROCESSES,
): Promise<World> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    // What was started last leans on what was started before it.
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await startParts(folder, say, serving, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  folder: string,
  say: (line: string) => void,
  serving: ServingHost,
  stops: (() => Promise<void>)[],
): Promise<Omit<World, 'stop'>> {
  const python = venvProgram('python');
  const store = path.join(folder, 'raw-data');
  say('starting MLflow, and reading 10,000 digits into the raw data');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  stops.push(() => mlflow.child.stop());
  await prepareData(python, store);
  const keys = makeKeys();
  const ports = await findAgentPorts();
  const sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { [WRITER]: 'maintain', [READER]: 'read' },
    secrets: {
      TRAINYARD_AGENT_TOKEN: keys.deployer,
      TRAINYARD_DISPATCH_SECRET: keys.dispatchSecret,
      TRAINYARD_SIGNING_KEY: keys.signingKey,
    },
    variables: { MLFLOW_TRACKING_URI: mlflow.url },
    env: {
      MNIST_DATA: store,
      OMP_NUM_THREADS: '1',
      SERVING_HOST: `http://127.0.0.1:${ports.control}`,
      ...serving.env,
    },
  });
  stops.push(sandbox.stop);
  say('starting the agent of the serving host');
  const host = await startAgentHost({
    folder: path.join(folder, 'agent'),
    python,
    ports,
    deployerToken: keys.deployer,
    trustedKey: keys.trustedKey,
    environment: ENVIRONMENT,
    report: {
      apiUrl: sandbox.github.addresses.api,
      repository: sandbox.repository.fullName,
      token: sandbox.tokens.agent,
      secret: keys.dispatchSecret,
    },
    flags: { ...QUICK_AGENT, ...serving.flags },
  });
  stops.push(host.down);
  return {
    project: readProject(serving.configuration),
    sandbox,
    mlflow,
    host,
    store,
    tokens: keys,
    deliver: (options) => prepareData(python, store, options),
  };
}

/** The example project as a user's repository: its files and the caller workflows; `serving` adds to that section of trainyard.yml. */
export function readProject(serving: ServingHost['configuration'] = {}): Files {
  const names = readdirSync(EXAMPLE).filter((name) => /\.(?:py|yml|yaml|md)$|^MLproject$/.test(name));
  const lines = Object.entries(serving).map(([key, value]) => `\n  ${key}: ${JSON.stringify(value)}`);
  const configuration = readFileSync(path.join(EXAMPLE, 'trainyard.yml'), 'utf8');
  return {
    ...Object.fromEntries(names.map((name) => [name, readFileSync(path.join(EXAMPLE, name))])),
    'trainyard.yml': configuration.replace(/^serving:$/m, `serving:${lines.join('')}`),
    '.github/workflows/trainyard.yml': readTemplate(ROOT, 'trainyard.yml'),
    '.github/workflows/trainyard-monitor.yml': readTemplate(ROOT, 'trainyard-monitor.yml'),
  };
}

/** Reads ten thousand real digits into a folder: the raw data of the example, and its holdout. */
export async function prepareData(
  python: string,
  store: string,
  options: readonly string[] = [],
): Promise<void> {
  if (!existsSync(store)) mkdirSync(store, { recursive: true });
  const args = ['--digits', digitsFolder(), '--out', store, ...options];
  await promisify(execFile)(python, [path.join(EXAMPLE, 'prepare_data.py'), ...args], { cwd: EXAMPLE });
}
