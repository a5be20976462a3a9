import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findToolchain } from '../../agent/machine/toolchain.ts';
import { createProcessRuntime } from '../../agent/runtimes/process/runtime.ts';
import type { Health, Launch, Runtime, RuntimeHandle } from '../../agent/runtimes/runtime.ts';
import type { Log } from '../../core/ports.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { buildPackage } from '../../sandbox/agent/build-package.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { describeRuntime } from './support/runtime-contract.ts';

const packages = mkdtempSync(join(tmpdir(), 'ty-'));
afterAll(() => rmSync(packages, { recursive: true, force: true }));

describe.skipIf(!HAS_TOOLCHAIN)('with TorchServe', () => {
  describeRuntime('process', async () => ({
    runtime: await openRuntime(),
    reopen: await opener(),
    launch: async (version, folders) => launchOf(version, folders),
  }));

  test('a server whose port another program took is gone, and starts on the ports chosen next', async () => {
    const runtime = await openRuntime();
    const launch = launchOf('2', {
      workFolder: join(packages, 'run', '2'),
      captureFolder: join(packages, 'capture', '2'),
    });
    const reach = (handle: RuntimeHandle, kind: Health['kind']) =>
      waitFor(async () => (await runtime.check(launch.model, handle)).kind === kind, kind, 120_000);
    const prepared = await runtime.prepare(launch);
    const squatter = createServer().listen(runtime.port(prepared), '127.0.0.1');
    await reach(await runtime.start(launch, prepared), 'gone');
    const next = await runtime.start(launch, await runtime.prepare(launch));
    await reach(next, 'serving');
    await runtime.stop(next);
    squatter.close();
  });
});

async function opener(): Promise<() => Runtime> {
  const toolchain = await findToolchain(PYTHON, process.env);
  const scope = `test-runtime:${packages}`;
  const log: Log = { info: () => undefined, warn: (line) => expect.fail(line), group: (_, work) => work() };
  return () =>
    createProcessRuntime({
      toolchain,
      scope,
      maxBodyBytes: 1_000_000,
      handlers: 'any',
      log,
      user: undefined,
      dataDir: packages,
      env: process.env,
    });
}

async function openRuntime(): Promise<Runtime> {
  return (await opener())();
}

function launchOf(version: string, folders: Pick<Launch, 'workFolder' | 'captureFolder'>): Launch {
  const [manifest, archive] = buildPackage({ folder: packages, version }).files;
  if (manifest === undefined || archive === undefined) throw new Error('the package has no archive');
  return {
    ...folders,
    model: 'doubler',
    version,
    manifest: packageManifestSchema.parse(JSON.parse(readFileSync(manifest.file, 'utf8'))),
    payloadFile: archive.file,
    captureSeconds: 0.5,
  };
}
