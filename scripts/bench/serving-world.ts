import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findFreePorts } from '../../agent/free-ports.ts';
import { torchServeConfig, torchServeLogging } from '../../agent/runtimes/torchserve-config.ts';
import type { StartInstance } from '../../core/serving/api.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import type { RunningAgent } from '../../test/agent/support/start-agent.ts';
import { waitFor } from '../../test/agent/support/wait-for.ts';
import { NPM_BIN, ROOT, VENV_BIN, venvProgram } from '../checkout.ts';
import { answers, type Child, startChild } from '../sandbox/child-process.ts';
import { BODY } from './serving-client.ts';

export const MODEL = 'sleepy';
const TIMEOUT_MS = 600_000;
const MAX_BODY_BYTES = 10 * 2 ** 20;
const run = promisify(execFile);

export type BuiltVersion = { readonly folder: string; readonly manifest: StartInstance['manifest'] };

/** Logs the model that takes 10 ms, and packages it with the real handler under two version numbers. */
export async function buildVersions(folder: string): Promise<readonly BuiltVersion[]> {
  const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'runtime'), PATH: pathOf() };
  const python = async (args: readonly string[], tracking = '') => {
    const settings = { env: { ...env, MLFLOW_TRACKING_URI: tracking }, cwd: folder, timeout: TIMEOUT_MS };
    return (await run(venvProgram('python'), [...args], settings)).stdout.trim();
  };
  const logged = await python([path.join(ROOT, 'scripts', 'bench', 'sleepy_model.py'), folder]);
  const [runId = '', uri = ''] = logged.split('\n').at(-1)?.split(' ') ?? [];
  const built: BuiltVersion[] = [];
  for (const version of ['1', '2']) {
    const target = path.join(folder, `package-${version}`);
    const out = path.join(folder, `package-${version}.json`);
    const holdout = ['--holdout', path.join(folder, 'holdout.csv'), '--target', 'label', '--id', 'id'];
    const named = ['--model', MODEL, '--version', version, '--run-id', runId, '--package-dir', target];
    await python(
      ['-m', 'trainyard.package', '--model-uri', uri, ...named, ...holdout, '--out', out],
      `sqlite:///${folder}/mlflow.db`,
    );
    built.push({ folder: target, manifest: JSON.parse(readFileSync(out, 'utf8')).manifestDigest });
  }
  return built;
}

/** What counting and logging add to a prediction in the handler, in µs, as the handler itself would measure it. */
export async function measureCapture({ folder }: BuiltVersion): Promise<number> {
  const args = [path.join(ROOT, 'scripts', 'bench', 'capture_cost.py'), path.join(folder, 'model.mar'), BODY];
  const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'runtime'), PATH: pathOf() };
  const { stdout } = await run(venvProgram('python'), args, { env, cwd: folder, timeout: TIMEOUT_MS });
  return Number(stdout.trim().split('\n').at(-1));
}

/** Uploads and starts a version on the agent, and waits until it is ready. */
export async function deploy(agent: RunningAgent, version: string, built: BuiltVersion): Promise<void> {
  const { payload, profile, golden } = readManifest(built);
  const blobs = [
    { digest: built.manifest, name: 'trainyard.json' },
    { digest: payload.digest, name: 'model.mar' },
    ...(profile === undefined ? [] : [{ digest: profile.digest, name: 'profile.json' }]),
    ...(golden === undefined ? [] : [{ digest: golden.digest, name: 'golden.json' }]),
  ];
  for (const { digest, name } of blobs) await agent.client.putBlob(digest, path.join(built.folder, name));
  await agent.client.startInstance(MODEL, version, { manifest: built.manifest });
  await waitFor(
    async () => {
      const instance = await agent.client.getInstance(MODEL, version);
      if (instance?.state === 'failed') throw new Error(`${instance.code}: ${instance.message}`);
      return instance?.state === 'ready';
    },
    `version ${version}`,
    TIMEOUT_MS,
  );
}

/** TorchServe alone with the same archive: no proxy in front, nothing captured. Gives the URL that predicts. */
export async function serveBare(
  folder: string,
  built: BuiltVersion,
): Promise<{ readonly url: string; readonly child: Child }> {
  const [inference = 0, management = 0, metrics = 0, grpcInference = 0, grpcManagement = 0] =
    await findFreePorts(5);
  const ports = { inference, management, metrics, grpcInference, grpcManagement };
  const home = path.join(folder, 'bare');
  for (const name of ['store', 'tmp', 'logs']) mkdirSync(path.join(home, name), { recursive: true });
  copyFileSync(path.join(built.folder, 'model.mar'), path.join(home, 'store', 'model.mar'));
  writeFileSync(
    path.join(home, 'config.properties'),
    torchServeConfig(readManifest(built), ports, MAX_BODY_BYTES),
  );
  // As much is logged as behind the agent, or TorchServe's default of three lines per request would be compared as well.
  writeFileSync(path.join(home, 'log4j2.xml'), torchServeLogging(path.join(home, 'logs')));
  const url = `http://127.0.0.1:${inference}/predictions/${MODEL}`;
  const child = await startChild({
    command: venvProgram('python'),
    args: [
      ...[
        '-m',
        'ts.model_server',
        '--start',
        '--foreground',
        '--disable-token-auth',
        '--no-config-snapshots',
      ],
      ...['--model-store', 'store', '--models', `${MODEL}=model.mar`, '--ts-config', 'config.properties'],
      ...['--log-config', 'log4j2.xml'],
    ],
    cwd: home,
    env: { PATH: pathOf(), TMPDIR: path.join(home, 'tmp'), TEMP: path.join(home, 'tmp') },
    log: path.join(home, 'log'),
    ready: () => answers(`http://127.0.0.1:${management}/models/${MODEL}`),
    timeoutMs: TIMEOUT_MS,
  });
  return { url, child };
}

function readManifest({ folder }: BuiltVersion) {
  return packageManifestSchema.parse(JSON.parse(readFileSync(path.join(folder, 'trainyard.json'), 'utf8')));
}

function pathOf(): string {
  return [VENV_BIN, NPM_BIN, process.env['PATH']].join(path.delimiter);
}
