import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { defaultBaseImage, packAsImage } from '../../adapters/images/package.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const DIGEST = `sha256:${'c'.repeat(64)}`;
const MANIFEST = {
  schema: 'trainyard.package/1',
  model: 'digits',
  version: '8',
  runId: 'run',
  modelDigest: DIGEST,
  createdAt: '2026-01-01T00:00:00Z',
  format: 'torchscript',
  payload: { kind: 'mar', file: 'model.mar', digest: DIGEST, size: 3 },
  serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 0, gpu: 'none', responseTimeoutSeconds: 30 },
} as const;
const SETTINGS = {
  base: 'python:3.11-slim',
  requirements: join(ROOT, 'requirements.txt'),
  repository: 'example.com/digits',
};

const folder = mkdtempSync(join(tmpdir(), 'trainyard-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An engine that has every image asked for, each pinned by the same digest. */
async function fakeDocker(args: readonly string[]): Promise<readonly string[]> {
  const image = { Id: DIGEST, Size: 7, RepoDigests: [`example.com/digits@${DIGEST}`] };
  if (args[1] === 'ls') return [DIGEST];
  return args[1] === 'inspect' ? [JSON.stringify(image)] : [];
}

test('puts the image into the manifest in the archive’s place, and names the new manifest', async () => {
  writeFileSync(join(folder, 'trainyard.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(folder, 'model.mar'), 'mar');
  const options = { docker: fakeDocker, template: join(ROOT, 'runtime', 'image'), pip: {} };
  const digest = await packAsImage(options, SETTINGS, folder);
  const text = readFileSync(join(folder, 'trainyard.json'), 'utf8');
  expect(digest).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  expect(packageManifestSchema.parse(JSON.parse(text)).payload).toEqual({
    kind: 'image',
    reference: `example.com/digits@${DIGEST}`,
    digest: DIGEST,
    size: 7,
  });
  expect(existsSync(join(folder, 'model.mar'))).toBe(false);
  expect(await packAsImage(options, SETTINGS, folder)).toBe(digest);
});

test('takes the image of the Python that builds', async () => {
  await expect(defaultBaseImage('python3', process.env)).resolves.toMatch(/^python:3\.\d+-slim-bookworm$/);
  await expect(defaultBaseImage('false', process.env)).rejects.toMatchObject({
    problems: [{ code: 'python-not-found' }],
  });
});
