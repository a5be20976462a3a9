import { request as requestHttp } from 'node:http';
import { createConnection } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NO_COUNTERS, subtractCounters } from '../../agent/envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../../agent/envoy/latency-edges.ts';
import { shadowClusterName } from '../../agent/envoy/traffic-plan.ts';
import { beginReading, countSince } from '../../agent/traffic/version-reading.ts';
import { COPY_HEADER, PIN_HEADER, REQUEST_ID_HEADER, VERSION_HEADER } from '../../core/names.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type Backend, release } from './support/held-backend.ts';
import {
  MAX_BODY_BYTES,
  MAX_IN_FLIGHT,
  MODEL,
  type ProxiedBackends,
  startProxiedBackends,
  TIMEOUT_SECONDS,
  USER_HEADER,
} from './support/proxied-backends.ts';

/** What the proxy adds to the model's own limit; see envoy-config.ts. */
const TIMEOUT_SLACK_SECONDS = 5;

/** Real Envoy in front of two servers that only say that they were asked. */
describe.skipIf(!HAS_TOOLCHAIN)('the data plane', () => {
  let proxy: ProxiedBackends['proxy'];
  let url: string;
  let port: number;
  let stable: Backend;
  let candidate: Backend;
  let apply: ProxiedBackends['apply'];
  let stop: ProxiedBackends['stop'] | undefined;

  const predict = (headers: Record<string, string> = {}, body = '{}') =>
    fetch(url, { method: 'POST', headers, body });
  const versionFor = async (headers: Record<string, string>) => {
    const answer = await predict(headers);
    await answer.text();
    return answer.headers.get(VERSION_HEADER);
  };
  /** Holds back all answers of a backend until the function it gives is called. */
  const holdBack = (backend: Backend) => {
    backend.gate = Promise.withResolvers();
    return () => release(backend);
  };

  beforeAll(async () => {
    ({ proxy, port, stable, candidate, apply, stop } = await startProxiedBackends());
    url = `http://127.0.0.1:${port}/predictions/${MODEL}`;
  }, 60_000);
  afterAll(async () => {
    await stop?.();
  }, 30_000);
  afterEach(() => {
    for (const backend of [stable, candidate]) release(backend);
  });

  test('names the version that answered, and gives a pinned one to whoever asks for it', async () => {
    await apply({});
    expect(await versionFor({})).toBe('1');
    expect(await versionFor({ [PIN_HEADER]: '2' })).toBe('2');
    expect((await predict({ [PIN_HEADER]: '7' })).status).toBe(404);
  });

  test('refuses a packed body before any version has it, and says how to send it', async () => {
    await apply({ candidatePercent: 50 });
    const before = stable.ids.length + candidate.ids.length;
    const form = { 'content-type': 'Multipart/form-data; boundary=1f', 'content-encoding': 'gzip' };
    for (const packing of [...['br', 'gzip, gzip'].map((one) => ({ 'content-encoding': one })), form]) {
      const packed = await predict(packing);
      expect(packed.status).toBe(415);
      const message = 'Bodies are taken plain or packed by gzip, once; forms are taken plain.';
      expect(await packed.json()).toEqual({ code: 'body-packed', message, error: message });
    }
    expect(stable.ids.length + candidate.ids.length).toBe(before);
    for (const taken of ['Identity', 'gzip']) {
      expect((await predict({ 'content-encoding': taken })).status).toBe(200);
    }
  });

  test('writes down what came of the requests of each user, pinned ones and those without a user apart', async () => {
    await apply({});
    const ask = async (user: string, status = 200, headers: Record<string, string> = {}) => {
      stable.status = status;
      await (await predict({ [USER_HEADER]: user, ...headers })).text();
    };
    const told: string[] = [];
    proxy.userRequests();
    await ask('ann');
    for (const status of [500, 422]) await ask('bob', status);
    await ask('cy', 200, { [PIN_HEADER]: '1' });
    await (await predict()).text();
    await ask('ann');
    const listen = () => told.push(...proxy.userRequests().map(({ user, outcome }) => `${user} ${outcome}`));
    await waitFor(async () => listen() >= 4, 'what came of four requests');
    expect(told).toEqual(['ann answered', 'bob error', 'bob refused', 'ann answered']);
  });

  test('gives a user the same version while weights hold, and keeps the candidate for those who have it', async () => {
    const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    const inTurn = async () => {
      const seen: (string | null)[] = [];
      for (const user of users) seen.push(await versionFor({ [USER_HEADER]: user }));
      return seen;
    };
    await apply({ candidatePercent: 20 });
    const first = await inTurn();
    expect(await inTurn()).toEqual(first);
    const early = users.filter((_, index) => first[index] === '2');
    expect(early.length).toBeGreaterThan(15);
    expect(early.length).toBeLessThan(75);
    await apply({ candidatePercent: 60 });
    const later = await inTurn();
    expect(early.every((user) => later[users.indexOf(user)] === '2')).toBe(true);
    expect(later.filter((version) => version === '2').length).toBeGreaterThan(early.length);
  });

  test('copies each request to a shadow under the same id, and answers as if there were none', async () => {
    await apply({ shadow: true });
    candidate.ids.length = 0;
    const letGo = holdBack(candidate);
    const ids = Array.from({ length: 3 }, (_, index) => `shadowed-${index}`);
    for (const id of ids) expect(await versionFor({ [REQUEST_ID_HEADER]: id })).toBe('1');
    await waitFor(() => candidate.ids.length === ids.length, 'the copies');
    expect(candidate.ids.toSorted()).toEqual(ids);
    letGo();
  });

  test('counts copies apart: what is open when a shadow ends is no request of the candidate', async () => {
    const counts = async (cluster: string) => (await proxy.counters()).get(cluster) ?? NO_COUNTERS;
    const copied = () => counts(shadowClusterName(MODEL, '2'));
    const [ownBefore, copiedBefore] = [await counts(`${MODEL}@2`), await copied()];
    await apply({ shadow: true });
    candidate.ids.length = 0;
    const letGo = holdBack(candidate);
    for (let request = 0; request < 3; request++)
      expect(await versionFor({ [COPY_HEADER]: 'mine' })).toBe('1');
    await waitFor(() => candidate.open.size === 3, 'the copies to be open');
    expect(candidate.last?.headers[COPY_HEADER]).toBe('1');
    expect(stable.last?.headers).not.toHaveProperty(COPY_HEADER);
    await apply({ candidatePercent: 100 });
    letGo();
    await waitFor(
      async () => (await copied()).answered === copiedBefore.answered + 3,
      'the copies to be counted',
    );
    expect(await versionFor({ [COPY_HEADER]: 'mine' })).toBe('2');
    expect(candidate.last?.headers).not.toHaveProperty(COPY_HEADER);
    await waitFor(
      async () => (await counts(`${MODEL}@2`)).answered > ownBefore.answered,
      'the request to be counted',
    );
    expect(subtractCounters(await counts(`${MODEL}@2`), ownBefore)).toMatchObject({ sent: 1, answered: 1 });
  });

  test('refuses a version’s surplus with 429, and nothing of another version’s', async () => {
    await apply({});
    const letGo = holdBack(candidate);
    const pinned = Array.from({ length: 5 * MAX_IN_FLIGHT }, () => predict({ [PIN_HEADER]: '2' }));
    const refused = await Promise.any(
      pinned.map(async (asked) => {
        const answer = await asked;
        if (answer.status !== 429) throw new Error(`answered ${answer.status}`);
        return answer;
      }),
    );
    expect(refused.headers.get('retry-after')).toBe('1');
    const message = 'The version has as many open requests as it may.';
    expect(await refused.json()).toEqual({ code: 'too-many-requests', message, error: message });
    await waitFor(() => candidate.open.size === MAX_IN_FLIGHT, 'the limit to be reached');
    for (let request = 0; request < 20; request++) expect((await predict()).status).toBe(200);
    letGo();
    // As many again may wait; fewer do while connections are being made.
    const statuses = (await Promise.all(pinned)).map(({ status }) => status);
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeGreaterThanOrEqual(MAX_IN_FLIGHT);
    expect(answered).toBeLessThanOrEqual(2 * MAX_IN_FLIGHT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(pinned.length - answered);
  });

  test('counts what it refused as bad requests of that version', async () => {
    const before = (await proxy.counters()).get(`${MODEL}@2`) ?? NO_COUNTERS;
    const count = async () =>
      subtractCounters((await proxy.counters()).get(`${MODEL}@2`) ?? NO_COUNTERS, before);
    await apply({ candidatePercent: 100 });
    const letGo = holdBack(candidate);
    const asked = Array.from({ length: 3 * MAX_IN_FLIGHT }, () => predict());
    await waitFor(async () => (await count()).overflowed >= MAX_IN_FLIGHT, 'the refusals');
    letGo();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const refused = statuses.filter((status) => status === 429).length;
    await waitFor(async () => (await count()).answered === asked.length, 'all to be counted');
    expect(await count()).toMatchObject({ overflowed: refused, serverErrors: refused });
  });

  describe('counts every request that a version was given', () => {
    /** What a version did since it was called, as an observation has it. */
    const watchVersion = async (version: '1' | '2') => {
      const look = async () => ({
        counters: (await proxy.counters()).get(`${MODEL}@${version}`) ?? NO_COUNTERS,
        invalid: {},
      });
      const before = beginReading(await look());
      return async () => countSince(before, await look()).counts;
    };
    /** A client that waits for so long, in ms, then closes its connection. */
    const askFor = (milliseconds: number) =>
      predictOrGiveUp(AbortSignal.timeout(milliseconds)).catch(() => 'gave up');
    /** A client that closes its connection as soon as a server has its request. */
    const askUntilOpen = async () => {
      const hurry = new AbortController();
      const reached = () => stable.ids.length + candidate.ids.length;
      const before = reached();
      const given = predictOrGiveUp(hurry.signal).catch(() => 'gave up');
      await waitFor(() => reached() > before, 'a server to have it');
      hurry.abort();
      expect(await given).toBe('gave up');
    };
    const predictOrGiveUp = async (signal: AbortSignal) =>
      (await fetch(url, { method: 'POST', body: '{}', signal })).status;

    test('those that clients gave up, and not those that are open', async () => {
      await apply({ candidatePercent: 100 });
      const count = await watchVersion('2');
      const letGo = holdBack(candidate);
      const patient = predict();
      await waitFor(() => candidate.open.size === 1, 'the patient one to be open');
      expect(await Promise.all([askFor(200), askFor(200)])).toEqual(['gave up', 'gave up']);
      await waitFor(async () => (await count()).requests === 2, 'those given up to be counted');
      expect(await count()).toMatchObject({ errors: 2, unanswered: 2, refused: 0 });
      letGo();
      expect((await patient).status).toBe(200);
      await waitFor(async () => (await count()).requests === 3, 'the patient one to be counted');
      expect(await count()).toMatchObject({ errors: 2, unanswered: 2 });
    });

    test('those that waited for room in vain', async () => {
      await apply({ candidatePercent: 100 });
      const count = await watchVersion('2');
      const letGo = holdBack(candidate);
      const asked = await Promise.all(Array.from({ length: 3 * MAX_IN_FLIGHT }, () => askFor(300)));
      await waitFor(async () => (await count()).requests === asked.length, 'all to be counted');
      expect(await count()).toMatchObject({ errors: asked.length, unanswered: asked.length });
      letGo();
    });

    test('those whose connection broke, or that found no server', async () => {
      await apply({ candidatePercent: 100 });
      const count = await watchVersion('2');
      candidate.breaks = true;
      expect([(await predict()).status, (await predict()).status]).toEqual([503, 503]);
      expect(await count()).toMatchObject({ requests: 2, errors: 2, unanswered: 2 });
    });

    test('those that were refused by themselves, and failures by themselves', async () => {
      await apply({ candidatePercent: 100 });
      const count = await watchVersion('2');
      for (const status of [400, 404, 413, 500, 200]) {
        candidate.status = status;
        expect((await predict()).status).toBe(status);
      }
      expect(await count()).toMatchObject({ requests: 5, errors: 1, unanswered: 0, refused: 3 });
    });

    test('those of hurried clients alike, whichever version they come to', async () => {
      await apply({ candidatePercent: 50 });
      const counts = [await watchVersion('1'), await watchVersion('2')];
      const gates = [holdBack(stable), holdBack(candidate)];
      for (let round = 0; round < 60; round++) await askUntilOpen();
      for (const letGo of gates) letGo();
      const total = async () => {
        const arms = await Promise.all(counts.map((count) => count()));
        return arms.reduce((sum, { requests }) => sum + requests, 0);
      };
      await waitFor(async () => (await total()) === 60, 'all to be counted');
      for (const count of counts) {
        const { requests, unanswered, errors } = await count();
        expect([unanswered, errors]).toEqual([requests, requests]);
        expect(requests).toBeGreaterThan(10);
      }
    });
  });

  test('answers a body over the limit 413, and one at the limit', async () => {
    await apply({});
    expect((await predict({}, 'x'.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
    expect((await predict({}, 'x'.repeat(MAX_BODY_BYTES))).status).toBe(200);
  });

  test('gives up on an answer that takes too long', async () => {
    await apply({});
    const letGo = holdBack(stable);
    const startedAt = performance.now();
    expect((await predict()).status).toBe(504);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(seconds).toBeGreaterThan(TIMEOUT_SECONDS + TIMEOUT_SLACK_SECONDS - 0.5);
    letGo();
  }, 30_000);

  test('gives up on a client that never finishes its headers', async () => {
    const socket = createConnection(port, '127.0.0.1');
    socket.write('POST /predictions/mnist HTTP/1.1\r\nhost: x\r\n');
    const text = await new Promise<string>((resolve) => {
      let received = '';
      socket.on('data', (chunk) => {
        received += String(chunk);
      });
      socket.on('close', () => resolve(received));
    });
    expect(text).toContain('408');
  }, 30_000);

  test('lets an open request end when its version leaves the traffic', async () => {
    await apply({ candidatePercent: 100 });
    const letGo = holdBack(candidate);
    const open = new Promise<number | undefined>((resolve, reject) => {
      const outgoing = requestHttp(url, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.on('error', reject);
      outgoing.end('{}');
    });
    await waitFor(() => candidate.open.size === 1, 'the request to be open');
    await apply({ candidate: undefined });
    expect(await versionFor({})).toBe('1');
    expect((await proxy.counters()).get(`${MODEL}@2`)?.active).toBe(1);
    letGo();
    expect(await open).toBe(200);
    await waitFor(async () => (await proxy.counters()).get(`${MODEL}@2`)?.active === 0, 'it to be drained');
  });

  test('counts each answer in a bucket whose edges are those of the slow test', async () => {
    await apply({});
    const before = (await proxy.counters()).get(`${MODEL}@1`);
    const letGo = holdBack(stable);
    const startedAt = performance.now();
    const asked = predict();
    await waitFor(() => stable.open.size === 1, 'the request to be open');
    const heldAt = performance.now();
    await waitFor(() => performance.now() - heldAt > 60, 'some time to pass');
    letGo();
    await asked;
    const most = performance.now() - startedAt;
    const difference = async () => {
      const now = (await proxy.counters()).get(`${MODEL}@1`);
      return now?.latency.map((count, bucket) => count - (before?.latency[bucket] ?? 0)) ?? [];
    };
    await waitFor(async () => (await difference()).some((count) => count === 1), 'its latency to be counted');
    const bucket = (await difference()).indexOf(1);
    expect(LATENCY_EDGES[bucket]).toBeGreaterThanOrEqual(60);
    expect(LATENCY_EDGES[bucket - 1]).toBeLessThanOrEqual(most);
  });
});
