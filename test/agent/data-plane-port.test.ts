import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createEnvoy, type DataPlane } from '../../agent/envoy/envoy.ts';
import { checkPort } from '../../agent/machine/check-port.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { findEnvoy } from '../../agent/machine/toolchain.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';

describe.skipIf(!HAS_TOOLCHAIN)('the data plane’s port', () => {
  const EMPTY = { backends: [], splits: [], unnamed: undefined };
  const folders: string[] = [];
  const planes: DataPlane[] = [];
  const open = async (port: number): Promise<DataPlane> => {
    const folder = mkdtempSync(join(tmpdir(), 'ty-'));
    const plane = createEnvoy({
      folder,
      address: '127.0.0.1',
      port,
      binary: await findEnvoy(PYTHON, process.env),
      threads: 1,
      owner: `data-plane-test:${folder}`,
      maxBodyBytes: 10_000,
      maxInFlight: 4,
      maxClientConnections: 1_000,
      requestLogShare: 0,
    });
    folders.push(folder);
    planes.push(plane);
    return plane;
  };
  afterEach(async () => {
    for (const plane of planes.splice(0)) await plane.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  test('says at /ping whether a prediction would be answered, and answers without a name', async () => {
    const [port = 0] = await findFreePorts(1);
    const plane = await open(port);
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const asked = async () => [await ask('/ping'), await ask('/ping/m'), await ask('/ping/other')];
    const split = { model: 'm', stable: '1', candidate: undefined, candidatePercent: 0, shadow: false };
    await plane.apply(EMPTY);
    expect(await asked()).toEqual([503, 404, 404]);
    await plane.apply({ ...EMPTY, splits: [{ ...split, isAnswered: false }] });
    expect(await asked()).toEqual([503, 503, 404]);
    expect(await ask('/invocations')).toBe(404);
    await plane.apply({ ...EMPTY, splits: [{ ...split, isAnswered: true }], unnamed: 'm' });
    expect(await asked()).toEqual([200, 200, 404]);
    // It has no server here, and its path stays all the same.
    expect(await ask('/invocations')).toBe(503);
  });

  test('is not healthy and names the holder, and listens once it can', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const plane = await open(port);
    await expect(plane.apply(EMPTY)).rejects.toThrow(`127.0.0.1:${port}`);
    expect(plane.problem()).toContain(`process ${process.pid}`);
    expect(await plane.isHealthy()).toBe(false);
    await new Promise((resolve) => squatter.close(resolve));
    await plane.apply(EMPTY);
    expect(await plane.isHealthy()).toBe(true);
    expect(plane.problem()).toBeUndefined();
  });

  test('shares it with no other agent’s', async () => {
    const [port = 0] = await findFreePorts(1);
    const first = await open(port);
    const second = await open(port);
    await first.apply(EMPTY);
    await expect(second.apply(EMPTY)).rejects.toThrow('data-plane-test:');
    expect([await first.isHealthy(), await second.isHealthy()]).toEqual([true, false]);
    await expect(
      checkPort({ address: '127.0.0.1', port, what: 'The proxy', option: '--data-plane' }),
    ).rejects.toThrow(`The proxy can't listen on 127.0.0.1:${port}`);
  });
});
