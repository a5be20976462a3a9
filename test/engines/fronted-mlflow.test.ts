import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { ROOT, STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { type Child, startChild } from '../../sandbox/machine/child-process.ts';
import { createPrivateCa } from '../../sandbox/network/private-ca.ts';
import { startTrainAction } from './support/train-action.ts';

/** What MLflow's plugin needs beside MLflow, from the index that pip knows. */
const PLUGIN = ['Flask-WTF==1.2.2', 'WTForms==3.2.1'];
const [ADMIN, TRAINER] = ['an-admin-password', 'a-trainer-password'];

const folder = mkdtempSync(path.join(STATE_DIR, 'fronted-'));
const site = path.join(folder, 'site');
const missing = installPlugin();
const ca = createPrivateCa(path.join(folder, 'ca'));
const fetchFrom = createFetch({ TRAINYARD_CA_FILE: ca.file });
let url = '';
let server: Child;

/** Why the plugin can't be had, where it can't. */
function installPlugin(): string | undefined {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', site, ...PLUGIN];
  const { status, stderr } = spawnSync(venvProgram('python'), pip, { encoding: 'utf8', timeout: 120_000 });
  return status === 0 ? undefined : `no ${PLUGIN[0]}: ${stderr.trim().split('\n').at(-1)}`;
}

async function ask(user: string, password: string, route: string, body?: unknown): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return fetchFrom(`${url}${route}`, {
    headers: { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
}

/** The tracking server of a company: its own authority, below a path, and with a password for everybody. */
async function startServer(): Promise<void> {
  const [port = 0] = await findFreePorts(1);
  const { cert, key } = ca.issue('localhost');
  url = `https://localhost:${port}/mlflow`;
  const ini = path.join(folder, 'auth.ini');
  const told = ['[mlflow]', 'default_permission = READ', `database_uri = sqlite:///${folder}/auth.db`];
  const by = ['admin_username = admin', `admin_password = ${ADMIN}`];
  const how = 'authorization_function = mlflow.server.auth:authenticate_request_basic_auth';
  writeFileSync(ini, [...told, ...by, how, ''].join('\n'), { mode: 0o600 });
  mkdirSync(path.join(folder, 'artifacts'));
  server = await startChild({
    command: venvProgram('python'),
    args: [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--artifacts-destination', path.join(folder, 'artifacts'), '--allowed-hosts', `localhost:${port}`],
      ...['--app-name', 'basic-auth', '--static-prefix', '/mlflow'],
      ...['--uvicorn-opts', `--ssl-certfile ${cert} --ssl-keyfile ${key}`],
    ],
    cwd: folder,
    env: {
      ...{ PATH: process.env['PATH'], PYTHONPATH: site, MLFLOW_AUTH_CONFIG_PATH: ini },
      MLFLOW_BACKEND_STORE_URI: `sqlite:///${folder}/mlflow.db`,
      MLFLOW_FLASK_SERVER_SECRET_KEY: 'a key of this test',
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    },
    log: path.join(folder, 'server.log'),
    ready: async () => (await ask('admin', ADMIN, '/health').catch(() => undefined))?.ok === true,
    timeoutMs: 180_000,
  });
}

function train(name: string, env: Readonly<Record<string, string>>) {
  const workspace = path.join(folder, name);
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'tiny'), workspace, { recursive: true });
  const lines = [
    ...['version: 1', 'model: tiny', `tracking: { uri: "${url}" }`],
    ...['project: { parameters: { scale: 3.0 } }', 'gate: [{ metric: accuracy, floor: 0.1 }]'],
  ];
  writeFileSync(path.join(workspace, 'trainyard.yml'), `${lines.join('\n')}\n`);
  const temp = path.join(folder, `${name}-temp`);
  return startTrainAction({ workspace, temp, correlationId: name, env });
}

describe.skipIf(missing !== undefined)(`an MLflow of a company (${missing ?? 'all in one'})`, () => {
  beforeAll(async () => {
    await startServer();
    const made = await ask('admin', ADMIN, '/api/2.0/mlflow/users/create', {
      ...{ username: 'trainer', password: TRAINER },
    });
    expect(made.status, await made.text()).toBe(200);
  }, 240_000);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const known = { TRAINYARD_CA_FILE: ca.file, MLFLOW_TRACKING_USERNAME: 'trainer' };

  test('is trained on behind its auth plugin, a static prefix and a private authority', async () => {
    const job = train('trains', { ...known, MLFLOW_TRACKING_PASSWORD: TRAINER });
    const { code, outputs } = await job.ended;
    const said = job.lines.join('\n');
    expect(code, said).toBe(0);
    expect(job.lines.filter((line) => line.includes(TRAINER))).toEqual([`::add-mask::${TRAINER}`]);
    const credentials = { username: 'trainer', password: TRAINER };
    const mlflow = createMlflow({ uri: url, ...credentials, http: { fetch: fetchFrom } }, systemClock);
    const run = await mlflow.getRun(outputs['run-id'] ?? '');
    expect(run).toMatchObject({
      status: 'FINISHED',
      metrics: { scale: 3 },
      url: expect.stringContaining(url),
    });
    const provenance = path.join(folder, 'provenance.json');
    await mlflow.downloadArtifact(run.runId, 'trainyard/provenance.json', provenance);
    const text = execFileSync('cat', [provenance], { encoding: 'utf8' });
    expect(JSON.parse(text)).toMatchObject({ runId: run.runId });
    const model = { runId: run.runId, modelUri: run.modelUri ?? '' };
    expect((await mlflow.register('tiny', model, {})).version).toBe('1');
  });

  test('is told from one that is away: by a wrong password, and by an authority that nobody trusts', async () => {
    const refused = train('refused', { ...known, MLFLOW_TRACKING_PASSWORD: 'another' });
    expect((await refused.ended).code).toBe(1);
    expect(refused.lines.join('\n')).toMatch(/401.*MLFLOW_TRACKING_USERNAME/s);
    const strange = train('strange', {
      MLFLOW_TRACKING_USERNAME: 'trainer',
      MLFLOW_TRACKING_PASSWORD: TRAINER,
    });
    expect((await strange.ended).code).toBe(1);
    expect(strange.lines.join('\n')).toMatch(/certificate/);
  });
});
