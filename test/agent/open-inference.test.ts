import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PIN_HEADER, PROTOCOL_HEADER, VERSION_HEADER } from '../../core/names.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { MODEL, type ProxiedBackends, startProxiedBackends } from './support/proxied-backends.ts';

describe.skipIf(!HAS_TOOLCHAIN)('by the Open Inference Protocol', () => {
  let given: ProxiedBackends | undefined;
  const backends = () => {
    if (given === undefined) throw new Error('nothing has been started');
    return given;
  };
  beforeAll(async () => {
    given = await startProxiedBackends();
  }, 60_000);
  afterAll(async () => {
    await given?.stop();
  }, 30_000);

  const at = (path: string) => `http://127.0.0.1:${backends().port}${path}`;
  const infer = (path: string, headers: Record<string, string> = {}) =>
    fetch(at(path), { method: 'POST', headers, body: '{}' });

  test('a prediction takes part in the split, and the handler is told what it is written in', async () => {
    await backends().apply({ candidatePercent: 100 });
    const answer = await infer(`/v2/models/${MODEL}/infer`, { [PROTOCOL_HEADER]: 'mlflow' });
    expect(answer.headers.get(VERSION_HEADER)).toBe('2');
    expect(backends().candidate.last).toMatchObject({
      path: `/predictions/${MODEL}`,
      headers: { [PROTOCOL_HEADER]: 'v2' },
    });
    expect(backends().candidate.last?.headers[PIN_HEADER]).toBeUndefined();
  });

  test('no client says what another path is written in', async () => {
    await backends().apply({});
    await infer(`/predictions/${MODEL}`, { [PROTOCOL_HEADER]: 'v2-metadata' });
    expect(backends().stable.last?.headers[PROTOCOL_HEADER]).toBe('mlflow');
  });

  test('a version that is named, and what a model takes, are asked past the split', async () => {
    await backends().apply({});
    const named = await infer(`/v2/models/${MODEL}/versions/2/infer`);
    expect(named.headers.get(VERSION_HEADER)).toBe('2');
    expect(backends().candidate.last?.headers).toMatchObject({ [PROTOCOL_HEADER]: 'v2', [PIN_HEADER]: '2' });
    await fetch(at(`/v2/models/${MODEL}/versions/2`));
    expect(backends().candidate.last?.headers).toMatchObject({
      [PROTOCOL_HEADER]: 'v2-metadata',
      [PIN_HEADER]: '2',
    });
    await fetch(at(`/v2/models/${MODEL}`));
    expect(backends().stable.last?.headers).toMatchObject({
      [PROTOCOL_HEADER]: 'v2-metadata',
      [PIN_HEADER]: '1',
    });
    expect((await infer(`/v2/models/${MODEL}/versions/3/infer`)).status).toBe(404);
  });

  test('whether a server and a model are ready is said without asking a version', async () => {
    const paths = ['/v2/health/live', '/v2/health/ready', `/v2/models/${MODEL}/ready`];
    const statuses = () => Promise.all(paths.map(async (path) => (await fetch(at(path))).status));
    await backends().apply({});
    expect(await statuses()).toEqual([200, 200, 200]);
    await backends().apply({ isAnswered: false });
    await waitFor(async () => (await fetch(at('/ping'))).status === 503, 'the proxy');
    expect(await statuses()).toEqual([200, 503, 503]);
    await backends().apply({});
    await waitFor(async () => (await fetch(at('/ping'))).status === 200, 'the proxy');
    expect(await (await fetch(at('/v2'))).json()).toMatchObject({ extensions: ['binary_tensor_data'] });
    expect(await (await fetch(at('/v2/models/other/infer'))).json()).toHaveProperty('error');
  });
});
