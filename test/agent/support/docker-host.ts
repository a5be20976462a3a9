import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { buildImage } from '../../../adapters/images/builder.ts';
import { dockerCli } from '../../../adapters/images/docker-cli.ts';
import { readPipSettings } from '../../../adapters/images/pip.ts';
import type { DockerRuntimeOptions } from '../../../agent/runtimes/docker/engine.ts';
import { createDockerRuntime } from '../../../agent/runtimes/docker/runtime.ts';
import type { Health, Launch, Runtime, RuntimeHandle } from '../../../agent/runtimes/runtime.ts';
import type { PackageManifest, PackagePayload } from '../../../core/serving/package-manifest.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

/** The engine `npm run test:docker` started, and what it made; empty in any other run. */
export const ENGINE = {
  host: process.env['TRAINYARD_TEST_DOCKER_HOST'] ?? '',
  folder: process.env['TRAINYARD_TEST_DOCKER_FOLDER'] ?? '',
  base: process.env['TRAINYARD_TEST_DOCKER_BASE'] ?? '',
  network: process.env['TRAINYARD_TEST_DOCKER_NETWORK'] ?? 'host',
  registry: process.env['TRAINYARD_TEST_DOCKER_REGISTRY'] ?? '',
} as const;
/** Repository of the tests' images where no registry is meant. */
export const LOCAL_REPOSITORY = 'trainyard/test';
/** What images are made from. */
export const TEMPLATE = join(ROOT, 'runtime', 'image');
const GIBIBYTE = 2 ** 30;
const READY_MS = 90_000;
const POLL_MS = 200;

/** Bounds of the tests' containers. */
export const LIMITS = {
  network: ENGINE.network,
  memoryBytes: GIBIBYTE,
  pids: 256,
  maxBodyBytes: 10_000_000,
} as const;

/** docker on the tests' engine. */
export const docker = dockerCli({ host: ENGINE.host, env: process.env });

/** A runtime on the tests' engine, hardened and bounded as an agent's. */
export function openRuntime(scope: string, changed: Partial<DockerRuntimeOptions> = {}): Runtime {
  return createDockerRuntime({
    host: ENGINE.host,
    scope,
    limits: LIMITS,
    keepImages: 2,
    reserveBytes: GIBIBYTE,
    env: process.env,
    ...changed,
  });
}

/** Builds the image of a model whose TorchServe handler is this Python text. */
export async function buildPackage(
  version: string,
  handler: string,
  target: { readonly repository: string; readonly push: boolean } = {
    repository: LOCAL_REPOSITORY,
    push: false,
  },
): Promise<{ readonly payload: PackagePayload; readonly origin: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-model-'));
  writeFileSync(join(folder, 'handler.py'), handler);
  const archiver = [
    '--model-name',
    'model',
    '--version',
    version,
    '--handler',
    'handler.py',
    '--export-path',
    '.',
  ];
  execFileSync(venvProgram('torch-model-archiver'), archiver, { cwd: folder });
  const pip = await readPipSettings(process.env, venvProgram('python'));
  const built = await buildImage(
    { docker, template: TEMPLATE, pip, network: 'host' },
    {
      model: 'sum',
      version,
      archive: join(folder, 'model.mar'),
      requirements: join(TEMPLATE, 'requirements.txt'),
      base: ENGINE.base,
      ...target,
    },
  );
  return { payload: built.payload, origin: built.environment.origin };
}

/** What an agent would ask its runtime to run. */
export function launchOf(folder: string, version: string, payload: PackagePayload): Launch {
  const captureFolder = join(folder, 'capture', version);
  mkdirSync(captureFolder, { recursive: true });
  return {
    model: 'sum',
    version,
    manifest: manifestOf(version, payload),
    payloadFile: '',
    workFolder: join(folder, 'run', version),
    captureFolder,
    captureSeconds: 1,
  };
}

function manifestOf(version: string, payload: PackagePayload): PackageManifest {
  return {
    schema: 'trainyard.package/1',
    model: 'sum',
    version,
    runId: 'run',
    modelDigest: payload.digest,
    createdAt: '2026-01-01T00:00:00Z',
    format: 'pyfunc',
    payload,
    serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 0, gpu: 'none', responseTimeoutSeconds: 30 },
  };
}

/** Starts it and waits until it serves. */
export async function serve(runtime: Runtime, launch: Launch): Promise<RuntimeHandle> {
  const handle = await runtime.start(launch, await runtime.prepare(launch));
  await waitForHealth(runtime, handle, (health) => health.kind === 'serving');
  return handle;
}

/** Waits for a state of health, and gives it; fails with the last one seen. */
export async function waitForHealth(
  runtime: Runtime,
  handle: RuntimeHandle,
  isWanted: (health: Health) => boolean,
): Promise<Health> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const health = await runtime.check('sum', handle);
    if (isWanted(health)) return health;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(health)}`);
    await wait(POLL_MS);
  }
}

/** The sums of the rows, as the model answers them through the published port. */
export async function predict(port: number, rows: readonly (readonly number[])[]): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/predictions/sum`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: rows }),
    signal: AbortSignal.timeout(10_000),
  });
  return response.json();
}

/** A model that answers the sum of each row, and after it what `extra` evaluates to; `prepare` runs when it loads. */
export function sumHandler(prepare = 'pass', extra = ''): string {
  return `
import json
import os

class Handler:
    def initialize(self, context):
        ${prepare}

    def handle(self, rows, context):
        bodies = [row.get("body") or row.get("data") for row in rows]
        parsed = [body if isinstance(body, dict) else json.loads(body) for body in bodies]
        return [{"predictions": [sum(row) for row in body["inputs"]]${extra}} for body in parsed]
`;
}
