import { afterAll, expect, test } from 'vitest';
import { launchOf } from '../../agent/instances/launch.ts';
import { dataDir } from '../../agent/options/parsers.ts';
import { storedInstanceSchema } from '../../agent/store/stored-instance.ts';
import { modelNameSchema } from '../../core/identity/model-name.ts';
import { versionSchema } from '../../core/identity/version.ts';
import { manifestOf, openFakeHost } from './support/fake-context.ts';

/** `sun_path` of Linux has 108 bytes, the last of which is 0. */
const LONGEST_SOCKET = 107;
const DIGEST = `sha256:${'0'.repeat(64)}`;
const NOW = '2026-01-01T00:00:00Z';

const host = openFakeHost();
afterAll(() => host.close());

function workFolderOf(model: string, version = '7', folder = '/data'): string {
  const { context } = host;
  const instance = storedInstanceSchema.parse({
    ...{
      model,
      version,
      package: `${model}@${DIGEST}`,
      state: 'ready',
      since: NOW,
      startedAt: NOW,
      crashes: [],
    },
    ...{ manifestDigest: DIGEST, manifest: { ...manifestOf(version, { digest: DIGEST, size: 1 }), model } },
  });
  return launchOf({ ...context, options: { ...context.options, dataDir: folder } }, instance).workFolder;
}

test('sockets of the longest model in the longest data folder have paths that Linux takes', () => {
  const folder = dataDir.parse(`/${'d'.repeat(59)}`);
  expect(dataDir.safeParse(`/${'d'.repeat(60)}`).success).toBe(false);
  const work = workFolderOf(modelNameSchema.parse('m'.repeat(63)), versionSchema.parse('4294967295'), folder);
  // TorchServe's workers listen in its temporary folder; a container's management API is reached by its open folder.
  expect(`${work}/tmp/.ts.sock.65535`.length).toBeLessThanOrEqual(LONGEST_SOCKET);
});

test('a short name is the folder’s, and long ones that begin alike have folders of their own', () => {
  expect(workFolderOf('mnist')).toBe('/data/run/mnist/7');
  const long = ['customer-churn-by-month', 'customer-churn-by-week', 'customer-churn'].map((model) =>
    workFolderOf(model),
  );
  expect(new Set(long).size).toBe(3);
  for (const folder of long) expect(folder).toMatch(/^\/data\/run\/cus\.[0-9a-f]{8}\/7$/);
});
