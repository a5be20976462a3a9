import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openRuntime } from './support/docker-host.ts';
import { buildImagePackage, readManifest } from './support/image-package.ts';
import { describeRuntime } from './support/runtime-contract.ts';

const packages = mkdtempSync(join(tmpdir(), 'ty-'));
afterAll(() => rmSync(packages, { recursive: true, force: true }));

describeRuntime('Docker', async () => {
  const open = () => openRuntime(`contract:${packages}`);
  return {
    runtime: open(),
    reopen: open,
    launch: async (version, folders) => ({
      ...folders,
      model: 'doubler',
      version,
      manifest: readManifest(await buildImagePackage({ folder: packages, version })),
      payloadFile: '',
      captureSeconds: 0.5,
    }),
  };
});
