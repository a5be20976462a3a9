import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { torchServeConfig, torchServeLogging } from '../../../agent/runtimes/process/torchserve-config.ts';
import { PACKAGE_FILES } from '../../../core/names.ts';
import type { StartInstance } from '../../../core/serving/api.ts';
import { packageManifestSchema } from '../../../core/serving/package-manifest.ts';
import type { RunningAgent } from '../../../sandbox/agent/start-agent.ts';
import { NPM_BIN, ROOT, VENV_BIN, venvProgram } from '../../../sandbox/checkout.ts';
import { answers, type Child, startChild } from '../../../sandbox/machine/child-process.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import { packageArguments } from '../runtime-arguments.ts';
import { BODY } from './client.ts';

export const MODEL = 'sleepy';
const TIMEOUT_MS = 600_000;
const MAX_BODY_BYTES = 10 * 2 ** 20;
const run = promisify(execFile);

/** A version's package, and the logged model it was made of. */
export type BuiltVersion = {
  readonly version: string;
  readonly uri: string;
  readonly folder: string;
  readonly manifest: StartInstance['manifest'];
};

/** Prints the digest of the model at its argument. */
const PRINT_DIGEST = `
import sys, tempfile
from pathlib import Path
from mlflow.artifacts import download_artifacts
from trainyard.files import digest_folder

print(digest_folder(Path(download_artifacts(artifact_uri=sys.argv[1], dst_path=tempfile.mkdtemp()))))
`;

/** Logs two models and their holdout by a script beside this one, with its options, and packages them with the real handler as versions 1 and 2. */
export async function buildVersions(
  folder: string,
  script: 'sleepy_model.py' | 'torch_model.py',
  ...options: readonly string[]
): Promise<readonly BuiltVersion[]> {
  const logged = await runPython(folder, [
    path.join(ROOT, 'measure', 'bench', 'serving', script),
    folder,
    ...options,
  ]);
  const lines = logged.split('\n').slice(-2);
  const built: BuiltVersion[] = [];
  for (const [index, line] of lines.entries()) {
    const [runId = '', uri = '', holdout = ''] = line.split(' ');
    const version = String(index + 1);
    const target = path.join(folder, `package-${version}`);
    const out = path.join(folder, `package-${version}.json`);
    const modelDigest = (await runPython(folder, ['-c', PRINT_DIGEST, uri])).trim();
    const named = { modelUri: uri, modelDigest, model: MODEL, version, runId, folder: target, out };
    const examples = { file: path.join(folder, holdout), target: 'label', id: 'id' };
    await runPython(folder, ['-m', 'trainyard.package', ...packageArguments(named, examples)]);
    const manifest = JSON.parse(readFileSync(out, 'utf8')).manifestDigest;
    built.push({ version, uri, folder: target, manifest });
  }
  return built;
}

/** Runs Python on the models that were logged into `folder`; gives what it printed. */
export async function runPython(folder: string, args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    PYTHONPATH: path.join(ROOT, 'runtime'),
    PATH: pathOf(),
    MLFLOW_TRACKING_URI: `sqlite:///${folder}/mlflow.db`,
  };
  const { stdout } = await run(venvProgram('python'), [...args], { env, cwd: folder, timeout: TIMEOUT_MS });
  return stdout.trim();
}

/** What counting and logging add to a prediction in the handler, in µs, as the handler itself would measure it. */
export async function measureCapture({ folder }: BuiltVersion): Promise<number> {
  const script = path.join(ROOT, 'measure', 'bench', 'serving', 'capture_cost.py');
  const printed = await runPython(folder, [script, path.join(folder, 'model.mar'), BODY]);
  return Number(printed.split('\n').at(-1));
}

/** Uploads and starts a version on the agent, and waits until it is ready. */
export async function deploy(agent: RunningAgent, version: string, built: BuiltVersion): Promise<void> {
  const { payload, profile, golden } = readManifest(built);
  const blobs = [
    { digest: built.manifest, name: PACKAGE_FILES.manifest },
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
    torchServeConfig(readManifest(built), ports, { maxBodyBytes: MAX_BODY_BYTES }),
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
  return packageManifestSchema.parse(
    JSON.parse(readFileSync(path.join(folder, PACKAGE_FILES.manifest), 'utf8')),
  );
}

function pathOf(): string {
  return [VENV_BIN, NPM_BIN, process.env['PATH']].join(path.delimiter);
}
