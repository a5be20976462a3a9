import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../adapters/clock.ts';
import { createGitLedger } from '../../../adapters/git/ledger.ts';
import { createMlflow } from '../../../adapters/mlflow/tracking.ts';
import { createLineKeys } from '../../../adapters/signing/line-keys.ts';
import { releaseVersion } from '../../../measure/kill/release-version.ts';
import { type AgentHost, startAgentHost } from '../../../sandbox/agent/agent-host.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import { discard } from '../../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../../sandbox/machine/mlflow-server.ts';
import { readTemplate } from '../../../sandbox/runner/staged-trainyard.ts';
import { outputOf, summarizeRun, type WorkflowRun } from '../../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts';

/** The tiny model of these scenes: its versions are released as if they had been trained. */
export const MODEL = 'doubler';
export const ENVIRONMENT = 'production';
/** Who may say everything. */
export const WRITER = 'ada';
/** A host that nobody can tell returns by itself after two of these, in s. */
const LEASE_SECONDS = 30;

/** GitHub and its runners, MLflow, and hosts that serve nothing yet. */
export type Scene = {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly mlflow: MlflowServer;
  readonly hosts: readonly AgentHost[];
  /** Comments on one pull request as WRITER, and gives the run that it starts. */
  readonly say: (words: string) => WorkflowRun;
  /** Leaves a version that passed the gate, as if it had been trained. */
  readonly release: () => Promise<void>;
  /** What is to end before the rest does. */
  readonly stops: (() => Promise<unknown>)[];
};

type SceneOptions = {
  readonly hosts: readonly string[];
  /** So many runs are played at once. */
  readonly parallel: number;
  /** Where the jobs find each host; its own address unless told. */
  readonly reach?: (host: AgentHost, name: string) => Promise<string>;
};

/** Plays in a scene, and ends all of it. The stage lasts longer than any play: only a person's word ends a rollout. */
export async function inScene(options: SceneOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-scene-'));
  const stops: (() => Promise<unknown>)[] = [];
  try {
    await play(await startScene(folder, options, stops));
  } finally {
    for (const stop of stops.toReversed()) await stop();
    discard(folder);
  }
}

async function startScene(folder: string, options: SceneOptions, stops: Scene['stops']): Promise<Scene> {
  const python = venvProgram('python');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  stops.push(() => mlflow.child.stop());
  const keys = generateKeyPairSync('ed25519');
  const signingKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const trustedKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const [deployerToken, secret] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const sandbox = await startSandbox({
    ...{ folder: path.join(folder, 'github'), people: { [WRITER]: 'maintain' }, parallel: options.parallel },
    secrets: {
      TRAINYARD_AGENT_TOKEN: deployerToken,
      TRAINYARD_DISPATCH_SECRET: secret,
      TRAINYARD_SIGNING_KEY: signingKey,
    },
    variables: { MLFLOW_TRACKING_URI: mlflow.url },
  });
  stops.push(sandbox.stop);
  const { api: apiUrl } = sandbox.github.addresses;
  const [hosts, urls]: [AgentHost[], string[]] = [[], []];
  for (const name of options.hosts) {
    const host = await startAgentHost({
      ...{ folder: path.join(folder, name), python, deployerToken, trustedKey, environment: ENVIRONMENT },
      report: { apiUrl, repository: sandbox.repository.fullName, secret, token: sandbox.tokens.agent },
      // The tiny model is its own handler.
      flags: { 'host-name': name, 'envoy-threads': '1', handlers: 'any' },
    });
    stops.push(host.down);
    hosts.push(host);
    urls.push((await options.reach?.(host, name)) ?? host.url);
  }
  const files = {
    'trainyard.yml': configuration(urls),
    '.github/workflows/trainyard.yml': readTemplate(ROOT, 'trainyard.yml'),
  };
  sandbox.remote.commit({ branch: 'main', files, message: 'A model to roll out', author: WRITER });
  const pull = sandbox.openPullRequest({
    ...{ user: WRITER, branch: 'doubled', title: 'Double' },
    files: { 'a.txt': 'a\n' },
  });
  return {
    ...{ folder, sandbox, mlflow, hosts, stops },
    say: (words) => started(sandbox.comment(WRITER, pull.number, words)),
    release: () => release({ sandbox, mlflow, folder }, signingKey),
  };
}

function configuration(hosts: readonly string[]): string {
  return `version: 1
model: ${MODEL}
tracking: { uri: "\${MLFLOW_TRACKING_URI}", experiment: ${MODEL} }
gate: [{ metric: accuracy, floor: 0.5 }]
environments:
  ${ENVIRONMENT}:
    hosts: ${JSON.stringify(hosts)}
    rollout:
      stages: [50, 100]
      stage-min: 20m
      min-requests: 20
      latency-margin: 100%
      deadline: 1h
      lease: ${LEASE_SECONDS}s
      max-unavailable: ${hosts.length - 1}
`;
}

async function release(
  { sandbox, mlflow, folder }: Pick<Scene, 'sandbox' | 'mlflow' | 'folder'>,
  signingKey: string,
): Promise<void> {
  const { remote, repository } = sandbox;
  const dir = path.join(folder, 'ledger');
  const author = { name: 'trainyard', email: 'trainyard@example.test' };
  // Jobs have signed it since: a line without a signature would look forged.
  const keys = createLineKeys({ privateKey: signingKey, trusted: [] });
  const ledger = createGitLedger({ remote: remote.bare, clock: systemClock, author, dir, keys });
  const tracking = createMlflow({ uri: mlflow.url }, systemClock);
  const sha = remote.resolve('main') ?? '';
  await releaseVersion({ model: MODEL, folder, tracking, ledger, repository, sha }, 'good');
}

function started([run]: readonly WorkflowRun[]): WorkflowRun {
  if (run === undefined) throw new Error('the comment started no workflow');
  return run;
}

/** What a run did, for a test that fails. */
export function tell(run: WorkflowRun): string {
  return `${summarizeRun(run)}\n${[...run.jobs].map(([id]) => `${id}: ${outputOf(run, id, 'result')}`).join('\n')}`;
}
