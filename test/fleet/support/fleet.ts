import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Plan } from '../../../actions/job/handoff.ts';
import { systemClock } from '../../../adapters/clock.ts';
import { createGitLedger } from '../../../adapters/git/ledger.ts';
import { createMlflow } from '../../../adapters/mlflow/tracking.ts';
import { createLineKeys } from '../../../adapters/signing/line-keys.ts';
import { packageFolder } from '../../../core/identity/package-folder.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { EnvironmentState } from '../../../core/ledger/state.ts';
import { environmentOf } from '../../../core/ledger/state.ts';
import type { Ledger, Tracking } from '../../../core/ports.ts';
import { ok } from '../../../core/result.ts';
import { buildPackage, type TinyPackage } from '../../../sandbox/agent/build-package.ts';
import { type RunningAgent, startAgent, TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { PYTHON } from '../../../sandbox/checkout.ts';
import { createGitRemote } from '../../../sandbox/github/git-remote.ts';
import { createRepository } from '../../../sandbox/github/repository.ts';
import { type GitHubServer, startGitHubServer } from '../../../sandbox/github/server.ts';
import { startMlflow } from '../../../sandbox/machine/mlflow-server.ts';
import { MODEL } from '../../agent/support/deploy.ts';
import { createNetwork, type NetworkHost } from './network.ts';
import { type JobEnd, runAction } from './run-action.ts';

export const LEASE_SECONDS = 8;
/** The model takes its time, so that its latency is its own and not that of a machine with too few cores. */
const DELAY_MS = 30;
const REPOSITORY = 'acme/models';
const ENVIRONMENT = 'production';
const ACTIONS_TOKEN = 'ghs_fleet-actions';

/** One serving host: its network, and the agent on it. */
export type FleetHost = { readonly network: NetworkHost; readonly agent: RunningAgent };

/** Serving hosts in networks of their own, and all that a job needs beside them. */
export type RunningFleet = {
  readonly hosts: readonly [FleetHost, FleetHost, FleetHost];
  /** Makes a version that passed its gate and is packed. */
  readonly addVersion: (version: string) => Promise<void>;
  /** One operation by the built deploy action. */
  readonly deploy: (plan: Pick<Plan, 'operation'> & Partial<Plan>) => Promise<JobEnd>;
  readonly monitorCheck: () => Promise<JobEnd>;
  readonly ledger: Ledger;
  readonly readState: () => Promise<EnvironmentState>;
  readonly stop: () => Promise<void>;
};

/** Starts three hosts, MLflow, GitHub's stand-in and a ledger. What was started is ended also when a part fails to start. */
export async function startFleet(): Promise<RunningFleet> {
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await startParts(stops)), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function startParts(stops: (() => unknown)[]): Promise<Omit<RunningFleet, 'stop'>> {
  const folder = mkdtempSync(join(tmpdir(), 'ty-fleet-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const trusted = join(folder, 'trusted-keys.pem');
  writeFileSync(trusted, publicKey.export({ type: 'spki', format: 'pem' }));
  const network = createNetwork(3);
  stops.push(network.remove);
  const [hosts, mlflow, github] = await Promise.all([
    Promise.all(network.hosts.map((host) => startHost(host, trusted, stops))),
    startTracking(join(folder, 'mlflow'), stops),
    startGitHub(join(folder, 'remote.git'), stops),
  ]);
  const [first, second, third] = hosts;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts');
  const { sha, workspace, remote } = github.begin(join(folder, 'workspace'), configOf(hosts));
  const ledger = createGitLedger({
    remote,
    clock: systemClock,
    author: { name: 'fleet', email: 'fleet@example.test' },
    dir: join(folder, 'ledger'),
    keys: createLineKeys({ privateKey: signingKey, trusted: [] }),
  });
  const env = {
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_SHA: sha,
    GITHUB_WORKSPACE: workspace,
    GITHUB_SERVER_URL: github.server.addresses.web,
    GITHUB_API_URL: github.server.addresses.api,
    GITHUB_ACTOR: 'ada',
    MLFLOW_TRACKING_URI: mlflow.uri,
    TRAINYARD_AGENT_TOKEN: TOKENS.deployer,
    TRAINYARD_SIGNING_KEY: signingKey,
  };
  const job = { folder: join(folder, 'jobs') };
  let runs = 0;
  const environmentOfJob = () => {
    runs += 1;
    return { ...env, GITHUB_RUN_ID: String(runs) };
  };
  return {
    hosts: [first, second, third],
    ledger,
    readState: async () => environmentOf(await ledger.read(MODEL), ENVIRONMENT),
    addVersion: (version) => addVersion({ folder, version, sha, tracking: mlflow.tracking, ledger }),
    deploy: (wish) => {
      const plan = JSON.stringify(planOf(wish, sha, `manual-${runs + 1}`));
      const inputs = { plan, 'github-token': ACTIONS_TOKEN };
      return runAction({ ...job, action: 'deploy', inputs, env: environmentOfJob() });
    },
    monitorCheck: () => {
      const inputs = { environment: ENVIRONMENT, 'github-token': ACTIONS_TOKEN };
      // It holds no signing key: what it gives to hosts was signed when it was rolled out.
      const { TRAINYARD_SIGNING_KEY: _, ...keyless } = environmentOfJob();
      return runAction({ ...job, action: 'monitor-check', inputs, env: keyless });
    },
  };
}

async function startHost(
  network: NetworkHost,
  trusted: string,
  stops: (() => unknown)[],
): Promise<FleetHost> {
  const flags = { 'host-name': network.name, 'allow-plaintext': 'true', 'trusted-keys': trusted };
  const agent = await startAgent(flags, { ...network, program: 'agent/dist/agent.mjs' });
  stops.push(agent.down);
  return { network, agent };
}

async function startTracking(
  folder: string,
  stops: (() => unknown)[],
): Promise<{ readonly uri: string; readonly tracking: Tracking }> {
  const { url, child } = await startMlflow({ python: PYTHON, folder, env: process.env });
  stops.push(() => child.stop());
  return { uri: url, tracking: createMlflow({ uri: url }, systemClock) };
}

async function startGitHub(bare: string, stops: (() => unknown)[]) {
  const remote = createGitRemote(bare);
  const server: GitHubServer = await startGitHubServer({
    repository: createRepository(REPOSITORY, { 'github-actions[bot]': 'write', ada: 'maintain' }),
    remote,
    tokens: new Map([[ACTIONS_TOKEN, 'github-actions[bot]']]),
    onDispatch: () => undefined,
    describeRuns: () => [],
  });
  stops.push(server.stop);
  /** The user's repository, checked out where jobs work. */
  const begin = (workspace: string, config: string) => {
    const files = { 'trainyard.yml': config };
    const sha = remote.commit({ branch: 'main', files, message: 'begin', author: 'ada' });
    remote.cloneAt(workspace, sha);
    const origin = `${server.addresses.web}/${REPOSITORY}.git`;
    execFileSync('git', ['-C', workspace, 'remote', 'set-url', 'origin', origin]);
    return { sha, workspace, remote: bare };
  };
  return { server, begin };
}

/** Stages of seconds; latency says little while model servers start on one machine. */
function configOf(hosts: readonly FleetHost[]): string {
  return `version: 1
model: ${MODEL}
tracking: { uri: "\${MLFLOW_TRACKING_URI}" }
gate: [{ metric: accuracy, floor: 0.9 }]
environments:
  ${ENVIRONMENT}:
    hosts: ${JSON.stringify(hosts.map(({ agent }) => agent.url))}
    rollout:
      stages: [20, 50, 100]
      stage-min: 3s
      min-requests: 40
      deadline: 10m
      lease: ${LEASE_SECONDS}s
      latency-margin: 100%
      tolerance: 5
      max-unavailable: 1
`;
}

function planOf(wish: Partial<Plan> & Pick<Plan, 'operation'>, sha: string, id: string): Plan {
  return {
    ...{ schema_version: 1, action: 'plan', decision: 'continue', model: MODEL, sha, parameters: {} },
    ...{ environment: ENVIRONMENT, correlationId: id, dryRun: false, actor: 'ada' },
    cause: { kind: 'manual', id },
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
    ...wish,
  };
}

async function addVersion(request: {
  readonly folder: string;
  readonly version: string;
  readonly sha: string;
  readonly tracking: Tracking;
  readonly ledger: Ledger;
}): Promise<void> {
  const { folder, version, sha, tracking, ledger } = request;
  const { runId } = await tracking.createRun({ experiment: MODEL, name: `version ${version}`, tags: {} });
  const built = buildPackage({ folder, version, runId, behaviour: { delayMs: DELAY_MS } });
  const artifactPath = await store(tracking, built, runId);
  const cause = { kind: 'manual' as const, id: `train-${version}` };
  const workflow = { repository: REPOSITORY, run: '0', attempt: 1, sha };
  const context = { model: MODEL, at: systemClock.now(), actor: 'ada', cause, workflow };
  const digest = `sha256:${'0'.repeat(64)}`;
  const judged = { runId, verdict: 'pass' as const, headline: 'Passed.', holdoutDigest: digest };
  const registered = { version, runId, modelUri: `models:/m-${version}`, modelDigest: digest };
  const packed = { version, package: `${MODEL}@${built.manifest}`, runId, artifactPath, sizeBytes: 1 };
  const appended = await ledger.append(MODEL, () =>
    ok([
      createEvent(context, 'gate.judged', {
        ...{ ...judged, evidenceDigest: digest },
        ...(version !== '1' && { champion: String(Number(version) - 1) }),
      }),
      createEvent(context, 'version.registered', registered),
      createEvent(context, 'package.built', packed),
    ]),
  );
  if (!appended.ok) throw new Error(appended.error.message);
}

/** The package's files among the artifacts of a run, where the build job leaves them. */
async function store(tracking: Tracking, built: TinyPackage, runId: string): Promise<string> {
  const artifactPath = packageFolder(built.manifest);
  for (const { file } of built.files) {
    await tracking.uploadArtifact(runId, `${artifactPath}/${basename(file)}`, file);
  }
  await tracking.endRun(runId, 'FINISHED');
  return artifactPath;
}
