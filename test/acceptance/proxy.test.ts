import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { QUICK_AGENT } from '../../measure/scenes/world.ts';
import { type AgentHost, startAgentHost } from '../../sandbox/agent/agent-host.ts';
import { findAgentPorts } from '../../sandbox/agent/agent-process.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { createPrivateCa, type PrivateCa } from '../../sandbox/network/private-ca.ts';
import { type RunningProxy, startProxy } from '../../sandbox/network/proxy.ts';
import { startTlsFront } from '../../sandbox/network/tls-front.ts';
import { readTemplate } from '../../sandbox/runner/staged-trainyard.ts';
import { outputOf } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';

const PROJECT = path.join(import.meta.dirname, '..', 'fixtures', 'projects', 'tabular');
const [GITHUB, MLFLOW, HOST] = ['github.corp.test', 'mlflow.corp.test', 'serve-1.corp.test'];
const CREDENTIALS = 'runner:a-proxy-password';
const CONFIGURATION = `version: 1
model: loans
tracking: { uri: "https://${MLFLOW}", experiment: loans }
project: { uri: ., environment: local, steps: { train: train }, parameters: { trees: 5 } }
data: { inputs: [data/train.csv], holdout: { path: data/holdout.csv, target: label, id: id } }
gate: [{ metric: accuracy, floor: 0.6 }]
serving: { framework: torchserve, workers: 1, batch-size: 1 }
environments:
  production: { hosts: ["https://${HOST}"], rollout: { stages: [50, 100], stage-min: 2s, lease: 30s } }
`;

/** Filled in as the servers start: the proxy is the first, and what is started later is told of it. */
const hosts: Record<string, number> = {};
const stops: (() => Promise<void> | void)[] = [];
let folder: string;
let ca: PrivateCa;
let proxy: RunningProxy;
let sandbox: Sandbox;
let agent: AgentHost;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-proxy-'));
  ca = createPrivateCa(path.join(folder, 'ca'));
  proxy = await startProxy({ hosts, credentials: CREDENTIALS });
  stops.push(proxy.stop);
  const python = venvProgram('python');
  const env = withoutNetwork(process.env);
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env, hosts: [MLFLOW] });
  stops.push(() => mlflow.child.stop());
  const gateway = await startTlsFront(ca.issue(MLFLOW), Number(new URL(mlflow.url).port));
  stops.push(gateway.stop);
  await startGitHubAndAgent(python, gateway.port);
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  rmSync(folder, { recursive: true, force: true });
});

it('trains and deploys where a proxy alone knows the hosts, and the agent’s certificate is of a private authority', async () => {
  for (const host of [GITHUB, MLFLOW, HOST]) await expect(lookup(host)).rejects.toThrow('ENOTFOUND');
  const [run] = sandbox.push(readProject(), { user: 'ada', message: 'Loans' });
  if (run === undefined) throw new Error('the push started no workflow');
  await sandbox.finished(run);
  const log = readFileSync(run.log, 'utf8');
  expect(
    [...run.jobs].map(([job]) => [job, outputOf(run, job, 'reason-code')]),
    log.slice(-4_000),
  ).toEqual(
    expect.arrayContaining([
      ['plan', 'planned'],
      ['train', 'trained'],
      ['deploy', 'promoted'],
    ]),
  );
  expect(environmentOf(readLedgerState(sandbox.remote, 'loans'), 'production').champion?.version).toBe('1');
  expect(log).not.toContain('a-proxy-password');
  const targets = proxy.requests.map(({ method, target }) => `${method} ${target}`);
  expect(targets).toContain(`CONNECT ${HOST}:443`);
  expect(targets).toContain(`CONNECT ${MLFLOW}:443`);
  expect(targets.some((target) => target.startsWith(`GET http://${GITHUB}/api/v3/`))).toBe(true);
  expect(targets.some((target) => target.includes(`${GITHUB}/acme/digits/git-receive-pack`))).toBe(true);
});

it('and the agent’s reports arrive through it', async () => {
  await waitFor(
    () => sandbox.repository.dispatches.some(({ type }) => type === 'trainyard.heartbeat'),
    'a heartbeat',
  );
  const reported = proxy.requests.filter(({ method, target }) =>
    `${method} ${target}`.endsWith('/dispatches'),
  );
  expect(reported.map(({ method }) => method)).toContain('POST');
  expect(readFileSync(agent.log, 'utf8')).not.toContain('a-proxy-password');
});

async function startGitHubAndAgent(python: string, mlflowPort: number): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const secrets = {
    TRAINYARD_AGENT_TOKEN: randomBytes(24).toString('hex'),
    TRAINYARD_DISPATCH_SECRET: 'a secret of agent and repository',
    TRAINYARD_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { ada: 'admin' },
    secrets,
    variables: { MLFLOW_TRACKING_URI: `https://${MLFLOW}` },
    env: { OMP_NUM_THREADS: '1', ...viaProxy() },
    hostName: GITHUB,
  });
  stops.push(sandbox.stop);
  const ports = await findAgentPorts();
  Object.assign(hosts, { [GITHUB]: sandbox.github.port, [MLFLOW]: mlflowPort, [HOST]: ports.control });
  const { cert, key } = ca.issue(HOST);
  const ask = createFetch({ ...viaProxy(), TRAINYARD_CA_FILE: ca.file });
  agent = await startAgentHost({
    folder: path.join(folder, 'agent'),
    python,
    ports,
    deployerToken: secrets.TRAINYARD_AGENT_TOKEN,
    trustedKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    environment: 'production',
    report: {
      apiUrl: sandbox.github.addresses.api,
      repository: sandbox.repository.fullName,
      token: sandbox.tokens.agent,
      secret: secrets.TRAINYARD_DISPATCH_SECRET,
    },
    flags: { ...QUICK_AGENT, 'tls-cert': cert, 'tls-key': key, 'ca-file': ca.file },
    env: viaProxy(),
    isReady: async () => {
      const asked = ask(`https://${HOST}/healthz`, { signal: AbortSignal.timeout(5_000) });
      return (await asked.catch(() => undefined))?.ok === true;
    },
  });
  stops.push(agent.down);
}

/** What the runner and the agent are told: of the proxy, and of no certificate, which only Trainyard's own settings name. */
function viaProxy(): Readonly<Record<string, string>> {
  const address = `http://${CREDENTIALS}@${proxy.host}`;
  return { http_proxy: address, https_proxy: address, NODE_EXTRA_CA_CERTS: '' };
}

function withoutNetwork(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/_proxy$/i.test(name)));
}

/** The project with its data, as a push would bring it, and with the authority's file named to the workflow. */
function readProject(): Files {
  const work = path.join(folder, 'project');
  mkdirSync(work, { recursive: true });
  cpSync(PROJECT, work, { recursive: true });
  execFileSync(venvProgram('python'), ['etl.py'], { cwd: work });
  // The fixture ignores its data, which a job elsewhere would make; here it is pushed.
  const sources = readdirSync(PROJECT).filter((name) => name !== '.gitignore');
  const names = [...sources, 'data/train.csv', 'data/holdout.csv'];
  const template = readTemplate(ROOT, 'trainyard.yml');
  return {
    ...Object.fromEntries(names.map((name) => [name, readFileSync(path.join(work, name))])),
    'trainyard.yml': CONFIGURATION,
    '.github/workflows/trainyard.yml': template.replace(
      '    with:\n',
      `    with:\n      ca-file: ${ca.file}\n`,
    ),
  };
}
