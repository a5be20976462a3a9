import { expect, test } from 'vitest';
import { modelFolder, workFolder } from '../../agent/instances/launch.ts';
import { dataDir } from '../../agent/options/parsers.ts';
import { modelNameSchema } from '../../core/identity/model-name.ts';
import { versionSchema } from '../../core/identity/version.ts';

/** `sun_path` of Linux has 108 bytes, the last of which is 0. */
const LONGEST_SOCKET = 107;

test('sockets of the longest model in the longest data folder have paths that Linux takes', () => {
  const folder = dataDir.parse(`/${'d'.repeat(59)}`);
  const model = modelNameSchema.parse('m'.repeat(63));
  const version = versionSchema.parse('4294967295');
  const work = workFolder(folder, model, version);
  // TorchServe's workers listen in its temporary folder; a container's management API is reached by its open folder.
  expect(`${work}/tmp/.ts.sock.65535`.length).toBeLessThanOrEqual(LONGEST_SOCKET);
  expect(dataDir.safeParse(`/${'d'.repeat(60)}`).success).toBe(false);
});

test('a short name is the folder’s, and long ones that begin alike have folders of their own', () => {
  expect(modelFolder('mnist')).toBe('mnist');
  const long = ['customer-churn-by-month', 'customer-churn-by-week', 'customer-churn'].map(modelFolder);
  expect(new Set(long).size).toBe(3);
  for (const folder of long) expect(folder).toMatch(/^cus\.[0-9a-f]{8}$/);
});
