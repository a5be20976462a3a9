import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerCli } from '../../adapters/images/docker-cli.ts';
import type { PackagePayload } from '../../core/serving/package-manifest.ts';
import { newLayers, readLayers } from '../../sandbox/docker/registry.ts';
import { startFailingRegistry, startSilentRegistry } from './support/bad-registry.ts';
import {
  buildPackage,
  docker,
  ENGINE,
  launchOf,
  openRuntime,
  predict,
  serve,
  sumHandler,
} from './support/docker-host.ts';

const BUILD_MS = 900_000;
const REPOSITORY = `${ENGINE.registry}/team/sum`;
/** A layer that holds only the model's own files, in bytes. */
const SMALL_LAYER = 10_000;

describe('an image by way of a registry', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-registry-'));
  const runtime = openRuntime('registry-agent');
  let first: PackagePayload;
  let second: PackagePayload;

  beforeAll(async () => {
    const target = { repository: REPOSITORY, push: true };
    first = (await buildPackage('1', sumHandler(), target)).payload;
    second = (await buildPackage('2', sumHandler('pass', ', "build": 2'), target)).payload;
  }, BUILD_MS);

  afterAll(async () => {
    await runtime.sweep([]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const layersOf = ({ digest }: PackagePayload) => readLayers(ENGINE.registry, 'team/sum', digest);

  test('is pinned by the digest of its manifest', () => {
    expect(first).toMatchObject({ kind: 'image', reference: `${REPOSITORY}@${first.digest}` });
    expect(second.digest).not.toBe(first.digest);
  });

  test('ships one small layer for a new version of the same environment', async () => {
    const shipped = newLayers(await layersOf(second), await layersOf(first));
    expect(shipped).toHaveLength(1);
    expect(shipped[0]?.size).toBeLessThan(SMALL_LAYER);
  });

  test('finds the environment again in the registry when the runner is a new one', async () => {
    const built = await buildPackage('2', sumHandler(), { repository: REPOSITORY, push: true });
    await docker(['image', 'rm', '--force', ...(await imagesOf(REPOSITORY))]);
    const again = await buildPackage('3', sumHandler(), { repository: REPOSITORY, push: true });
    expect([built.origin, again.origin]).toEqual(['found', 'pulled']);
  });

  test('is pulled by its digest, and serves', async () => {
    await docker(['image', 'rm', '--force', ...(await imagesOf(REPOSITORY))]);
    const handle = await serve(runtime, launchOf(folder, '2', second));
    expect(await predict(runtime.port(handle), [[1, 2]])).toEqual({ predictions: [3], build: 2 });
    await runtime.stop(handle);
  });
});

describe('docker and a bad registry', { timeout: 60_000 }, () => {
  test.each([
    ['pull', 'from one that answers 500', startFailingRegistry, 50_000, '500'],
    ['push', 'to one that never comes to an end', startSilentRegistry, 3_000, 'longer than 3 s'],
  ] as const)('a %s %s ends in time, and says why', async (verb, _what, start, timeoutMs, reason) => {
    const registry = await start();
    const name = `${registry.address}/team/none:1`;
    await docker(['tag', ENGINE.base, name]);
    const ended = dockerCli({ host: ENGINE.host, env: process.env, timeoutMs })([verb, name]);
    await expect(ended).rejects.toMatchObject({
      problem: { code: `docker-${verb}-failed`, message: expect.stringContaining(reason) },
    });
    await docker(['image', 'rm', name]);
    await registry.close();
  });
});

async function imagesOf(repository: string): Promise<readonly string[]> {
  const tagged = await docker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository]);
  const pinned = await docker([
    'image',
    'ls',
    '--digests',
    '--format',
    '{{.Repository}}@{{.Digest}}',
    repository,
  ]);
  return [
    ...tagged.filter((name) => !name.endsWith('<none>')),
    ...pinned.filter((name) => !name.endsWith('<none>')),
  ];
}
