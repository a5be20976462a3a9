import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { createProcessRuntime } from '../../agent/runtimes/process-runtime.ts';
import { findToolchain } from '../../agent/toolchain.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { buildPackage } from './support/build-package.ts';
import { describeRuntime } from './support/runtime-contract.ts';
import { HAS_TOOLCHAIN, PYTHON } from './support/toolchain.ts';

const packages = mkdtempSync(join(tmpdir(), 'ty-'));
afterAll(() => rmSync(packages, { recursive: true, force: true }));

describe.skipIf(!HAS_TOOLCHAIN)('with TorchServe', () => {
  describeRuntime('process', async () => {
    const toolchain = await findToolchain(PYTHON, process.env);
    const open = () =>
      createProcessRuntime({
        toolchain,
        scope: `test-runtime:${packages}`,
        maxBodyBytes: 1_000_000,
        env: process.env,
      });
    return {
      runtime: open(),
      reopen: open,
      launch: async (version, folders) => {
        const { files } = buildPackage({ folder: packages, version });
        const [manifest, archive] = files;
        if (manifest === undefined || archive === undefined) throw new Error('the package has no archive');
        return {
          ...folders,
          model: 'doubler',
          version,
          manifest: packageManifestSchema.parse(JSON.parse(readFileSync(manifest.file, 'utf8'))),
          payloadFile: archive.file,
          captureSeconds: 0.5,
        };
      },
    };
  });
});
