import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { releaseVersion } from '../../measure/kill/release-version.ts';
import { type AgentHost, startAgentHost } from '../../sandbox/agent/agent-host.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { startAilingFront } from '../../sandbox/network/ailing-front.ts';
import { readTemplate } from '../../sandbox/runner/staged-trainyard.ts';
import { outputOf, summarizeRun, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { type SteadyClient, startPacedClient } from '../../sandbox/traffic/steady-client.ts';

const MODEL = 'doubler';
const ENVIRONMENT = 'production';
const WRITER = 'ada';
const PER_SECOND = 20;
/** A host that nobody can tell returns by itself after two of these, in s: what is promised needs them well below it. */
const LEASE_SECONDS = 30;
/** What is promised: from the comment to the last request that the candidate answers, on any host, in s. */
const PROMISED_SECONDS = 90;
const WAIT_MS = 300_000;
const TIMEOUT_MS = 900_000;
/** More than any job asks. */
const ALWAYS = 1_000_000;

/** GitHub and its runners, MLflow, and two hosts: a well one, and one whose control API can fall sick behind its gateway. */
type Scene = {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly mlflow: MlflowServer;
  readonly hosts: readonly [AgentHost, AgentHost];
  readonly signingKey: string;
  readonly front: Awaited<ReturnType<typeof startAilingFront>>;
};

test('a rollback while a runner is busy, a host is sick, MLflow is down and Issues are off ends the candidate in time', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-fire-'));
  const stops: (() => Promise<unknown>)[] = [];
  try {
    await play(await startScene(folder, stops), stops);
  } finally {
    for (const stop of stops.toReversed()) await stop();
    discard(folder);
  }
});

async function play(scene: Scene, stops: (() => Promise<unknown>)[]): Promise<void> {
  const { sandbox, mlflow, hosts, front } = scene;
  const pull = sandbox.openPullRequest({
    user: WRITER,
    branch: 'doubled',
    title: 'Double',
    files: { 'a.txt': 'a\n' },
  });
  const say = (words: string) => started(sandbox.comment(WRITER, pull.number, words));
  await release(scene);
  const first = say('/deploy v1');
  await sandbox.finished(first);
  expect(outputOf(first, 'deploy', 'outcome'), tell(first)).toBe('promoted');
  await release(scene);
  const clients = hosts.map(({ dataPlane }) =>
    startPacedClient(`${dataPlane}/predictions/${MODEL}`, PER_SECOND),
  );
  stops.push(...clients.map(({ stop }) => stop));
  const busy = say('/deploy v2');
  const bothServe = () => clients.every((client) => (client.answered()['2'] ?? 0) >= PER_SECOND);
  await waitFor(() => busy.status === 'completed' || bothServe(), 'the candidate on both hosts', WAIT_MS);
  expect(busy.status, tell(busy)).toBe('running');

  await mlflow.child.stop();
  // GitHub takes comments on pull requests also where Issues are off; here it takes none.
  sandbox.github.faults.add({
    path: '/issues',
    times: ALWAYS,
    answer: { status: 410, body: { message: 'Issues are disabled for this repo' } },
  });
  front.ail();
  const saidAt = Date.now();
  const rollback = say('/rollback');
  await Promise.all([rollback, busy].map(sandbox.finished));
  const before = clients.map(({ answered }) => answered()['1'] ?? 0);
  const isServed = () =>
    clients.every(({ answered }, i) => (answered()['1'] ?? 0) > (before[i] ?? 0) + 5 * PER_SECOND);
  await waitFor(isServed, 'the champion to serve alone', WAIT_MS);
  await Promise.all(clients.map(({ stop }) => stop()));

  report(clients, saidAt, rollback);
  expect(rollback.conclusion, tell(rollback)).toBe('success');
  checkRecord(scene, rollback);
  expect(outputOf(rollback, 'take-back', 'outcome')).toBe('rolled-back');
  expect(outputOf(busy, 'deploy', 'outcome'), tell(busy)).toBe('rolled-back');
  const [well = Infinity, sick = Infinity] = clients.map((client) => lastSeconds(client, saidAt));
  expect(Math.max(well, sick)).toBeLessThanOrEqual(PROMISED_SECONDS);
  expect(clients.flatMap(({ failures }) => failures())).toEqual([]);
}

/** From the comment to the candidate's last answer, in s. */
function lastSeconds({ lastAnswers }: SteadyClient, saidAt: number): number {
  return ((lastAnswers()['2'] ?? Infinity) - saidAt) / 1_000;
}

function report(clients: readonly SteadyClient[], saidAt: number, { finishedAt = '' }: WorkflowRun): void {
  const lines = clients.map((client, i) => {
    const { 1: champion = 0, 2: candidate = 0 } = client.answered();
    const name = i === 0 ? 'the host in reach' : 'the sick host';
    return `${name}: the candidate's last answer after ${lastSeconds(client, saidAt).toFixed(1)} s; it gave ${candidate}, the champion ${champion}`;
  });
  const job = ((Date.parse(finishedAt) - saidAt) / 1_000).toFixed(1);
  process.stdout.write(`\n${[...lines, `the workflow of /rollback ended after ${job} s`].join('\n')}\n`);
}

/** The ledger names the sick host, and people are told of it and of what could not be written. */
function checkRecord({ sandbox, front }: Scene, rollback: WorkflowRun): void {
  const ends = readLedger(sandbox.remote, MODEL).filter((event) => event.kind === 'rollout.rolled-back');
  expect(ends).toMatchObject([{ data: { version: '2', code: 'requested', away: [front.url] } }]);
  const here = environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT);
  expect(here.champion?.version).toBe('1');
  expect(here.rollout).toBeUndefined();
  const warnings =
    rollback.jobs.get('take-back')?.annotations.filter(({ level }) => level === 'warning') ?? [];
  const warned = warnings.map(({ message }) => message).join('\n');
  expect(warned).toContain(front.url);
  expect(warned).toContain('Issues are disabled');
}

async function startScene(folder: string, stops: (() => Promise<unknown>)[]): Promise<Scene> {
  const python = venvProgram('python');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  stops.push(() => mlflow.child.stop());
  const keys = generateKeyPairSync('ed25519');
  const signingKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [deployerToken, secret] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { [WRITER]: 'maintain' },
    secrets: {
      TRAINYARD_AGENT_TOKEN: deployerToken,
      TRAINYARD_DISPATCH_SECRET: secret,
      TRAINYARD_SIGNING_KEY: signingKey,
    },
    variables: { MLFLOW_TRACKING_URI: mlflow.url },
  });
  stops.push(sandbox.stop);
  const startHost = async (name: string): Promise<AgentHost> => {
    const host = await startAgentHost({
      ...{ folder: path.join(folder, name), python, deployerToken, environment: ENVIRONMENT },
      trustedKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      report: {
        ...{ apiUrl: sandbox.github.addresses.api, repository: sandbox.repository.fullName, secret },
        token: sandbox.tokens.agent,
      },
      // The tiny model is its own handler.
      flags: { 'host-name': name, 'envoy-threads': '1', handlers: 'any' },
    });
    stops.push(host.down);
    return host;
  };
  const hosts = [await startHost('serve-1'), await startHost('serve-2')] as const;
  const front = await startAilingFront(Number(new URL(hosts[1].url).port));
  stops.push(front.stop);
  const files = {
    'trainyard.yml': configuration([hosts[0].url, front.url]),
    '.github/workflows/trainyard.yml': readTemplate(ROOT, 'trainyard.yml'),
  };
  sandbox.remote.commit({ branch: 'main', files, message: 'A model to roll out', author: WRITER });
  return { folder, sandbox, mlflow, hosts, signingKey, front };
}

/** The stage lasts longer than the fire: only the person's word ends the rollout. */
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
      max-unavailable: 1
`;
}

/** Leaves a version that passed the gate, as if it had been trained, and gives it. */
async function release({ sandbox, mlflow, folder, signingKey }: Scene): Promise<void> {
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

function tell(run: WorkflowRun): string {
  return `${summarizeRun(run)}\n${[...run.jobs].map(([id]) => `${id}: ${outputOf(run, id, 'result')}`).join('\n')}`;
}
