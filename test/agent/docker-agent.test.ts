import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TinyPackage, TinyPackageRequest } from '../../sandbox/agent/build-package.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type SteadyClient, startSteadyClient } from '../../sandbox/traffic/steady-client.ts';
import { type BadRegistry, startFailingRegistry, startSilentRegistry } from './support/bad-registry.ts';
import { begin, MODEL, settled, shift } from './support/deploy.ts';
import { docker, ENGINE } from './support/docker-host.ts';
import { buildImagePackage, buildPinnedPackage, readManifest } from './support/image-package.ts';

/** Room of the agent's own disk, and how much of it stays free, in bytes. */
const DISK_BYTES = 64 * 2 ** 20;
const RESERVE_BYTES = 8 * 2 ** 20;
const MEMORY_BYTES = 2 ** 30;

/** One host's life on containers. Its champion answers a steady client all the time, whatever else goes wrong. */
describe('a host that runs containers', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const disk = join(folder, 'd');
  let agent: RunningAgent;
  let champion: TinyPackage;
  let client: SteadyClient;
  let failing: BadRegistry;
  let silent: BadRegistry;

  beforeAll(async () => {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
    [failing, silent] = await Promise.all([startFailingRegistry(), startSilentRegistry()]);
    agent = await startAgent({
      'data-dir': disk,
      runtime: 'docker',
      'docker-host': ENGINE.host,
      'docker-network': ENGINE.network,
      'docker-memory-bytes': String(MEMORY_BYTES),
      'docker-reserve-bytes': String(RESERVE_BYTES),
      'reserve-bytes': String(RESERVE_BYTES),
      'start-timeout-seconds': '60',
    });
    champion = await buildImagePackage({ folder, version: '1' });
    await begin(agent, '1', champion);
    expect(await settled(agent, '1')).toMatchObject({ state: 'ready' });
    await shift(agent, { stable: '1', candidatePercent: 0, shadow: false });
    client = startSteadyClient(agent.predictions);
  }, 900_000);

  afterAll(async () => {
    await client?.stop();
    await agent?.down();
    await Promise.all([failing?.close(), silent?.close()]);
    execFileSync('umount', [disk]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** The champion has answered since, and every request so far. */
  async function expectNoFailure(): Promise<void> {
    const answered = client.answered()['1'] ?? 0;
    await waitFor(() => (client.answered()['1'] ?? 0) > answered + 10, 'answers of the champion');
    expect(client.failures()).toEqual([]);
    expect(Object.keys(client.answered())).toEqual(['1']);
  }

  const containers = () =>
    docker(['ps', '--quiet', '--no-trunc', '--filter', `label=trainyard.model=${MODEL}`]);

  test('adopts its container when the agent was killed', async () => {
    const before = await containers();
    await agent.kill('SIGKILL');
    await agent.start();
    expect(await agent.client.getInstance(MODEL, '1')).toMatchObject({ state: 'ready' });
    expect(await containers()).toEqual(before);
    await expectNoFailure();
  });

  describe('gives up a version and says why:', () => {
    const absent = (registry: BadRegistry) => {
      const digest = `sha256:${'1'.repeat(64)}`;
      return { kind: 'image', reference: `${registry.address}/none@${digest}`, digest, size: 1 } as const;
    };
    const bad: Readonly<Record<string, (request: TinyPackageRequest) => Promise<TinyPackage> | TinyPackage>> =
      {
        '2': (request) => buildImagePackage({ ...request, behaviour: { hang: true } }),
        '3': (request) => buildImagePackage({ ...request, behaviour: { loadBytes: 2 * MEMORY_BYTES } }),
        '4': (request) => buildImagePackage({ ...request, behaviour: { crash: true } }),
        '5': (request) => {
          const { payload } = readManifest(champion);
          return buildPinnedPackage(request, { ...payload, digest: `sha256:${'5'.repeat(64)}` });
        },
        '6': (request) => buildPinnedPackage(request, absent(failing)),
        '7': (request) => buildPinnedPackage(request, absent(silent)),
      };

    beforeAll(async () => {
      for (const [version, build] of Object.entries(bad)) {
        await begin(agent, version, await build({ folder, version }));
      }
    }, 300_000);

    test.each([
      ['2', 'is never ready', 'start-timeout', '60 s'],
      ['3', 'needs more memory than the limit', 'out-of-memory', '1.0 GiB'],
      ['4', 'ends its worker whenever it loads', 'load-failed', 'this model cannot be loaded'],
      ['5', 'is another image than the package pins', 'image-digest-differs', 'not the image of digest'],
      ['6', 'lies in a registry that answers 500', 'registry-failed', '500'],
      ['7', 'lies in a registry that does not come to an end', 'start-timeout', 'gets its image'],
    ])('version %s %s', async (version, _what, code, reason) => {
      const instance = await settled(agent, version);
      expect(instance).toMatchObject({ state: 'failed', code, message: expect.stringContaining(reason) });
    });

    test('and its champion answered every request meanwhile, alone', async () => {
      await expectNoFailure();
      expect(await containers()).toHaveLength(1);
    });
  });

  test('takes nothing more onto a full disk, serves on, and takes it once there is room', async () => {
    const built = await buildImagePackage({ folder, version: '8', behaviour: { offset: 2 } });
    const filler = join(disk, 'filler');
    fillUp(filler);
    await expect(begin(agent, '8', built)).rejects.toMatchObject({ problem: { code: 'disk-full' } });
    await expectNoFailure();
    rmSync(filler);
    await begin(agent, '8', built);
    expect(await settled(agent, '8')).toMatchObject({ state: 'ready' });
    await expectNoFailure();
  });
});

/** Writes until the disk takes no more. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w');
  const chunk = Buffer.alloc(2 ** 16);
  try {
    for (;;) writeSync(descriptor, chunk);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')) throw thrown;
  } finally {
    closeSync(descriptor);
  }
}
