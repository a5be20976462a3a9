import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { systemClock } from '../../adapters/clock.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import type { AgentPort, Ledger, Tracking } from '../../core/ports.ts';
import { type AgentHost, startAgentHost } from '../../sandbox/agent/agent-host.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { createGitRemote, type GitRemote } from '../../sandbox/github/git-remote.ts';
import { createRepository, type Repository } from '../../sandbox/github/repository.ts';
import { type GitHubServer, startGitHubServer } from '../../sandbox/github/server.ts';
import { stageTrainyard } from '../../sandbox/runner/staged-trainyard.ts';

export const ENVIRONMENT = 'production';
/** Configuration of rollouts for which a job waits, and of those for which none does. */
export const CONFIGS = { attached: 'trainyard.yml', detached: 'trainyard-detached.yml' } as const;
const TOKENS = { actions: 'ghs_kill-actions', agent: 'github_pat_kill-agent' };
/** The agent looks often, so that a rollout takes seconds; its heartbeats are many, so that some are under way at any kill. */
const QUICK_AGENT = {
  'tick-seconds': '0.5',
  'capture-seconds': '0.5',
  'heartbeat-seconds': '10',
  'envoy-threads': '1',
};

/** One repository with its ledger, one deploy job at a time, and one serving host: all that a rollout needs. */
export type Lane = {
  readonly model: string;
  readonly folder: string;
  readonly repository: Repository;
  readonly remote: GitRemote;
  readonly ledger: Ledger;
  readonly tracking: Tracking;
  readonly host: AgentHost;
  readonly agent: AgentPort;
  readonly predictions: string;
  /** The user's checkout, and the commit it is at. */
  readonly workspace: string;
  readonly sha: string;
  /** Trainyard as a runner downloads it. */
  readonly trainyard: string;
  /** Environment of every deploy job. */
  readonly jobEnv: Readonly<Record<string, string>>;
  readonly githubToken: string;
  readonly stop: () => Promise<void>;
};

/** Starts a lane in a folder of its own, over an MLflow server that it may share with others. */
export async function startLane(folder: string, model: string, mlflowUrl: string): Promise<Lane> {
  mkdirSync(folder, { recursive: true });
  const repository = createRepository(`acme/${model}`, { ada: 'maintain' });
  const remote = createGitRemote(path.join(folder, 'remote.git'));
  const github = await startLaneGitHub(repository, remote);
  const keys = makeKeys();
  const reportTo = { apiUrl: github.addresses.api, repository: repository.fullName };
  const host = await startLaneHost(path.join(folder, 'agent'), keys, reportTo);
  const sha = remote.commit({
    branch: 'main',
    files: {
      [CONFIGS.attached]: configuration(model, host.url, '1s'),
      // A detached job stays for one poll; a stage that ended within it would need no report.
      [CONFIGS.detached]: configuration(model, host.url, '5s'),
    },
    message: 'A model to roll out',
    author: 'ada',
  });
  const workspace = path.join(folder, 'workspace');
  remote.cloneAt(workspace, sha);
  const trainyard = path.join(folder, 'trainyard');
  stageTrainyard(ROOT, trainyard);
  return {
    model,
    folder,
    repository,
    remote,
    ledger: createGitLedger({
      remote: remote.bare,
      clock: systemClock,
      author: { name: 'trainyard', email: 'trainyard@example.test' },
      dir: path.join(folder, 'ledger'),
      keys: createLineKeys({ privateKey: keys.signing, trusted: [] }),
    }),
    tracking: createMlflow({ uri: mlflowUrl }, systemClock),
    host,
    agent: createAgentClient({ url: host.url, token: keys.deployer }),
    predictions: `${host.dataPlane}/predictions/${model}`,
    workspace,
    sha,
    trainyard,
    jobEnv: {
      MLFLOW_TRACKING_URI: mlflowUrl,
      TRAINYARD_AGENT_TOKEN: keys.deployer,
      TRAINYARD_SIGNING_KEY: keys.signing,
      GITHUB_API_URL: github.addresses.api,
      GITHUB_SERVER_URL: github.addresses.web,
      GITHUB_REPOSITORY: repository.fullName,
      GITHUB_SHA: sha,
    },
    githubToken: TOKENS.actions,
    stop: async () => {
      await host.down();
      await github.stop();
    },
  };
}

function startLaneGitHub(repository: Repository, remote: GitRemote): Promise<GitHubServer> {
  return startGitHubServer({
    repository,
    remote,
    tokens: new Map([
      [TOKENS.actions, 'github-actions[bot]'],
      [TOKENS.agent, 'trainyard-agent[bot]'],
    ]),
    onDispatch: () => undefined,
    describeRuns: () => [],
  });
}

function startLaneHost(
  folder: string,
  keys: ReturnType<typeof makeKeys>,
  reportTo: { readonly apiUrl: string; readonly repository: string },
): Promise<AgentHost> {
  return startAgentHost({
    folder,
    python: venvProgram('python'),
    deployerToken: keys.deployer,
    trustedKey: keys.trusted,
    environment: ENVIRONMENT,
    report: { ...reportTo, token: TOKENS.agent, secret: keys.dispatch },
    // The tiny model is its own handler.
    flags: { ...QUICK_AGENT, handlers: 'any' },
  });
}

/** Two stages that last as long as their requests take; only gross slowness says anything on a machine so busy. */
function configuration(model: string, url: string, stageMin: string): string {
  return `version: 1
model: ${model}
gate: [{ metric: accuracy, floor: 0.5 }]
environments:
  ${ENVIRONMENT}:
    hosts: ["${url}"]
    rollout:
      stages: [50, 100]
      stage-min: ${stageMin}
      min-requests: 20
      latency-margin: 100%
      deadline: 10m
      lease: 10s
`;
}

function makeKeys() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    deployer: randomBytes(24).toString('hex'),
    dispatch: randomBytes(24).toString('hex'),
    signing: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    trusted: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
