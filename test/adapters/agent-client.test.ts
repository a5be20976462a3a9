import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { isUnreachable, ServiceError } from '../../core/errors.ts';
import type { SetTraffic, Traffic } from '../../core/serving/api.ts';

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
type Reply = { readonly status: number; readonly body?: unknown };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An agent that answers with the replies in turn, and a client of it that never waits. */
async function connect(...replies: readonly Reply[]) {
  return connectFor(undefined, ...replies);
}

/** The same, giving orders for an environment. */
async function connectFor(environment: string | undefined, ...replies: readonly Reply[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url: path = '', headers } = request;
    const { status, body } = replies[seen.length] ?? { status: 500 };
    seen.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  const dependencies = { wait: async () => undefined };
  return {
    seen,
    client: createAgentClient({
      url,
      token: 'secret-token',
      dependencies,
      ...(environment !== undefined && { environment }),
    }),
  };
}

const wanted: SetTraffic = { stable: '1', candidatePercent: 0, shadow: false };
const present: Traffic = { ...wanted, revision: 4 };
const refusal = {
  type: 'urn:trainyard:problem:not-ready',
  title: 'Conflict',
  status: 409,
  detail: 'Version 2 of m is starting on this host.',
  code: 'not-ready',
  remedy: 'Start it and wait until it is ready.',
};

describe('the agent’s client', () => {
  test('sends its token, and a blob only where it is missing', async () => {
    const { client, seen } = await connect({ status: 404 }, { status: 201 }, { status: 200 });
    const file = join(mkdtempSync(join(tmpdir(), 'ty-')), 'blob');
    writeFileSync(file, 'content');
    await client.putBlob('sha256:abc', file);
    await client.putBlob('sha256:abc', file);
    expect(seen.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/packages/sha256:abc?bytes=7', ''],
      ['PUT', '/v1/packages/sha256:abc', 'content'],
      ['GET', '/v1/packages/sha256:abc?bytes=7', ''],
    ]);
    expect(seen[1]?.headers).toMatchObject({ authorization: 'Bearer secret-token', 'content-length': '7' });
  });

  test('sends nothing to a host that has no room for it, and passes on what would free some', async () => {
    const remedy = 'DELETE /v1/packages frees 5 bytes.';
    const full = { ...refusal, status: 507, code: 'disk-full', detail: 'The disk is full.', remedy };
    const { client, seen } = await connect({ status: 507, body: full });
    const file = join(mkdtempSync(join(tmpdir(), 'ty-')), 'blob');
    writeFileSync(file, 'content');
    await expect(client.putBlob('sha256:abc', file)).rejects.toMatchObject({
      problem: { code: 'disk-full', remedy },
    });
    expect(seen).toHaveLength(1);
  });

  test('knows nothing of what is not there', async () => {
    const { client } = await connect({ status: 404 }, { status: 404 }, { status: 404 });
    expect(await client.getInstance('m', '1')).toBeUndefined();
    expect(await client.getTraffic('m')).toBeUndefined();
    await client.stopInstance('m', '1');
  });

  test.each([
    [3, { 'if-match': '"3"' }],
    [undefined, { 'if-none-match': '*' }],
  ])('sets traffic on top of revision %s', async (expected, headers) => {
    const { client, seen } = await connect({ status: 200, body: present });
    expect(await client.setTraffic('m', wanted, expected)).toEqual({ ok: true, value: present });
    expect(seen[0]?.headers).toMatchObject(headers);
  });

  test('says which environment gives the order, also when it finds its own write', async () => {
    const ours = { ...present, environment: 'staging' };
    const { client, seen } = await connectFor('staging', { status: 412 }, { status: 200, body: ours });
    expect(await client.setTraffic('m', wanted, 3)).toEqual({ ok: true, value: ours });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ ...wanted, environment: 'staging' });
  });

  test('gives the present traffic when another was set meanwhile', async () => {
    const other = { ...present, candidate: '2', revision: 9 };
    const { client } = await connect({ status: 412 }, { status: 200, body: other });
    expect(await client.setTraffic('m', wanted, 3)).toEqual({ ok: false, error: other });
  });

  test('takes its own write for done whose answer was lost', async () => {
    const { client } = await connect({ status: 503 }, { status: 412 }, { status: 200, body: present });
    expect(await client.setTraffic('m', wanted, 3)).toEqual({ ok: true, value: present });
  });

  test('never takes a brake for its own write', async () => {
    const brake = {
      rollout: 'r',
      version: '2',
      code: 'slower',
      explanation: 'x',
      at: '2026-01-01T00:00:00Z',
    };
    const { client } = await connect({ status: 412 }, { status: 200, body: { ...present, brake } });
    expect((await client.setTraffic('m', wanted, 3)).ok).toBe(false);
  });

  test('passes on what the agent refuses and why', async () => {
    const { client } = await connect({ status: 409, body: refusal });
    const failed = client.startInstance('m', '2', { manifest: `sha256:${'0'.repeat(64)}` });
    await expect(failed).rejects.toThrow(ServiceError);
    await expect(failed).rejects.toThrow(
      /PUT http:.*\/v1\/models\/m\/instances\/2: Version 2 of m is starting on this host\. Start it and wait/,
    );
    await expect(failed).rejects.toMatchObject({ problem: { code: 'not-ready' } });
  });

  test('says that something else answers there', async () => {
    const { client } = await connect(
      { status: 403, body: { message: 'nginx' } },
      { status: 200, body: { a: 1 } },
    );
    await expect(client.state()).rejects.toThrow('that of a Trainyard agent');
    await expect(client.state()).rejects.toMatchObject({ problem: { code: 'agent-answer-unknown' } });
  });

  test('retries what may pass, and reads pages by sequence', async () => {
    const { client, seen } = await connect(
      { status: 502 },
      { status: 200, body: { observations: [] } },
      { status: 200, body: { observations: [] } },
    );
    expect(await client.observations('m', 'r/1', 7)).toEqual([]);
    expect(seen.at(-1)?.path).toBe('/v1/models/m/observations?rollout=r%2F1&after=7');
    await client.observationsSince('m', '2026-01-02T00:00:00Z', 7);
    expect(seen.at(-1)?.path).toBe('/v1/models/m/observations?since=2026-01-02T00%3A00%3A00Z&after=7');
  });
});

describe('a host that does not answer', () => {
  const thrownBy = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

  test('is out of reach when nothing listens there, and is not up', async () => {
    const { client } = await connect();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    expect(isUnreachable(await thrownBy(client.state()))).toBe(true);
    expect(await client.isUp()).toBe(false);
  });

  test('is out of reach when it takes the request and stays silent', async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const client = createAgentClient({
      url: `http://127.0.0.1:${address.port}`,
      token: 'secret-token',
      timeoutMs: 20,
      dependencies: { wait: async () => undefined },
    });
    expect(isUnreachable(await thrownBy(client.state()))).toBe(true);
  });

  test.each([
    ['a refusal', [{ status: 409, body: refusal }]],
    ['a failure of its own', Array.from({ length: 4 }, () => ({ status: 503, body: refusal }))],
  ])('is in reach with %s', async (_, replies) => {
    const { client } = await connect(...replies, { status: 503, body: refusal });
    const thrown = await thrownBy(client.state());
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(isUnreachable(thrown)).toBe(false);
    expect(await client.isUp()).toBe(true);
  });

  test.each([502, 503, 504])('is out of reach behind a proxy that answers %i for it', async (status) => {
    const { client } = await connect(
      ...Array.from({ length: 5 }, () => ({ status, body: '<html>Bad Gateway' })),
    );
    const thrown = await thrownBy(client.getTraffic('m'));
    expect(isUnreachable(thrown)).toBe(true);
    expect(String(thrown)).toContain('Bad Gateway');
    expect(await client.isUp()).toBe(false);
  });

  test('is given seconds and two tries in haste', async () => {
    const { client, seen } = await connect(...Array.from({ length: 9 }, () => ({ status: 500 })));
    await thrownBy(client.urgent().setTraffic('m', wanted, 3));
    expect(seen).toHaveLength(2);
  });
});
