import { type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import type { App } from '../../agent/http/call.ts';
import { problemSchema } from '../../core/serving/api.ts';
import {
  MAX_JSON_PART_BYTES,
  MAX_MANIFEST_BYTES,
  type PackageManifest,
} from '../../core/serving/package-manifest.ts';
import { MAX_JSON_BYTES, problemsOf } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type FakeHost, manifestOf, openFakeHost, storeBlob, storePackage } from './support/fake-context.ts';

const TAKEN_JSON = Object.values(ROUTES).filter((one) => 413 in problemsOf(one) && one.method !== 'GET');

let host: FakeHost;
let app: App;
beforeEach(() => {
  host = openFakeHost({ listen: '127.0.0.1:0' });
  app = createApp(createAgent(host.context));
});
afterEach(() => host.close());

async function send(method: string, path: string, body: string | ReadableStream<Uint8Array>) {
  const request = new Request(`http://localhost${path}`, {
    ...{ method, body, duplex: 'half' },
    headers: { authorization: `Bearer ${TOKENS.deployer}` },
  });
  return askApp(app, request);
}

async function refusalOf(response: Response) {
  const { status, code, detail } = problemSchema.parse(await response.json());
  return { status, code, detail };
}

const label = (id: string, value: string | number = 1) =>
  JSON.stringify({ model: 'demo', labels: [{ id, label: value }] });

describe('a body', () => {
  test.each([
    ['POST', '/v1/labels'],
    ['PUT', '/v1/models/mnist/traffic'],
    ['PUT', '/v1/models/mnist/instances/1'],
    ['POST', '/v1/models/mnist/take-back'],
  ])('of %s %s is read to its bound and no further, said how long it is or not', async (method, path) => {
    const text = label('a'.repeat(MAX_JSON_BYTES));
    expect(await refusalOf(await send(method, path, text))).toMatchObject({
      status: 413,
      code: 'body-too-large',
    });
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 2 ** 20;
        controller.enqueue(new Uint8Array(2 ** 20).fill(0x20));
      },
    });
    expect(await refusalOf(await send(method, path, endless))).toMatchObject({ code: 'body-too-large' });
    expect(pulled).toBeLessThan(2 * MAX_JSON_BYTES);
  });

  test('is bounded on every route that takes one, by its description', () => {
    expect(TAKEN_JSON.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      'POST /v1/labels',
      'POST /v1/models/{model}/take-back',
      'PUT /v1/models/{model}/instances/{version}',
      'PUT /v1/models/{model}/traffic',
      'PUT /v1/packages/{digest}',
    ]);
  });

  test('that is wrong in ten thousand places is told of twenty', async () => {
    const labels = Array.from({ length: 10_000 }, () => ({ id: 1, label: null }));
    const { detail } = await refusalOf(
      await send('POST', '/v1/labels', JSON.stringify({ model: 'demo', labels })),
    );
    expect(detail).toMatch(/and 19980 more$/);
    expect(detail.length).toBeLessThan(3_000);
  });
});

describe('a number in a query', () => {
  const ask = (path: string) =>
    askApp(app, path, { headers: { authorization: `Bearer ${TOKENS.deployer}` } });

  test.each([
    '/v1/models/mnist/observations?after',
    '/v1/models/mnist/windows?after',
    '/v1/models/mnist/history?hours',
    '/v1/audit?limit',
    `/v1/packages/${'0'.repeat(64)}?bytes`,
  ])('%s is in digits, or refused', async (path) => {
    expect((await ask(`${path}=12`)).status).not.toBe(400);
    for (const wrong of ['', '%20', '-1', '1e1', '0x1', '1.5', ' 1', 'one', '9'.repeat(20)]) {
      expect(await refusalOf(await ask(`${path}=${wrong}`)), wrong).toMatchObject({
        code: 'parameter-invalid',
      });
    }
  });
});

describe('over a socket', () => {
  let server: Server;
  beforeEach(async () => {
    server = await listen(app, createAgent(host.context));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function portOf(): number {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  /** Sends spaces for as long as nobody answers; gives the answer, and how many bytes were sent until then. */
  async function flood(
    length?: number,
  ): Promise<{ readonly status: number | undefined; readonly sent: number }> {
    const outgoing = request({
      ...{ host: '127.0.0.1', port: portOf(), method: 'POST', path: '/v1/labels' },
      headers: {
        authorization: `Bearer ${TOKENS.labeler}`,
        ...(length !== undefined && { 'content-length': length }),
      },
    });
    const answered = Promise.withResolvers<IncomingMessage>();
    outgoing.once('response', answered.resolve);
    // A server that has answered may close before all was sent.
    outgoing.on('error', answered.reject);
    let [sent, isOver] = [0, false];
    const write = () => {
      if (isOver || sent >= 150e6) return;
      sent += 2 ** 20;
      outgoing.write(Buffer.alloc(2 ** 20, 0x20), () => setImmediate(write));
    };
    write();
    const { statusCode } = await answered.promise;
    isOver = true;
    outgoing.destroy();
    return { status: statusCode, sent };
  }

  test.each([
    ['GET', '/healthz', 200],
    ['POST', '/v1/labels', 401],
    ['DELETE', '/nothing', 404],
  ])(
    'a body that comes a letter at a time after the answer to %s %s ends the connection',
    async (method, path, status) => {
      const socket = connect(portOf(), '127.0.0.1').on('error', () => undefined);
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`);
      const drip = setInterval(() => socket.write('a'), 50);
      let said = '';
      socket.on('data', (part) => (said += String(part)));
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(drip);
      expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    },
  );

  test('a body that came whole keeps its connection, also where nobody reads it', async () => {
    const socket = connect(portOf(), '127.0.0.1');
    let said = '';
    socket.on('data', (part) => (said += String(part)));
    const asked = 'GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n';
    socket.write(asked);
    await waitFor(() => said.includes('200 OK'), 'the answer');
    socket.write(`abc${asked}abc`);
    await waitFor(() => said.match(/200 OK/g)?.length === 2, 'the second answer');
    socket.destroy();
  });

  test('a body of 150 MB is refused before it came, said how long it is or not', async () => {
    for (const length of [150e6, undefined]) {
      const { status, sent } = await flood(length);
      expect(status).toBe(413);
      expect(sent).toBeLessThan(4 * MAX_JSON_BYTES);
    }
  });
});

describe('what the parser ends', () => {
  const bigHeader = `GET /healthz HTTP/1.1\r\nhost: x\r\nx-big: ${'a'.repeat(20_000)}\r\n\r\n`;
  test.each([
    ['a request that is none', 'hello\r\n\r\n', 400, 'request-unreadable'],
    ['headers without end', bigHeader, 431, 'headers-too-large'],
    [
      'what expects something else',
      'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: the-moon\r\n\r\n',
      417,
      'unknown-expectation',
    ],
  ])('is answered with a problem: %s', async (_, text, status, code) => {
    const agent = createAgent(host.context);
    const server = await listen(createApp(agent), agent);
    onTestFinished(() => void server.close());
    const address = server.address();
    const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
    socket.write(text);
    let said = '';
    for await (const chunk of socket) said += String(chunk);
    const [head = '', body = ''] = said.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    // The whole, or its part in chunks.
    expect(
      problemSchema.parse(JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1))),
    ).toMatchObject({
      ...{ status, code },
    });
  });
});

test('requests without a known token are in the log, a line a minute, however many they are', async () => {
  const said = () => host.world.log.filter((line) => line.includes('known token'));
  const guess = (token: string) =>
    askApp(app, '/v1/state', { headers: { authorization: `Bearer ${token}` } });
  for (let index = 0; index < 20; index += 1) expect((await guess(`guess-${index}`)).status).toBe(401);
  expect(said()).toEqual(['warning: 1 request came without a known token.']);
  host.world.now += 60_000;
  await guess('another');
  expect(said().at(-1)).toBe('warning: 20 requests came without a known token.');
  await guess(TOKENS.reader);
  expect(said()).toHaveLength(2);
});

test('many requests without a known token of one address lose their connection with the answer', async () => {
  const connectionOf = async () => (await askApp(app, '/v1/state')).headers.get('connection');
  for (let index = 0; index < 30; index += 1) expect(await connectionOf()).toBeNull();
  expect(await connectionOf()).toBe('close');
});

describe('a label', () => {
  test('is taken up to the length that is kept, and refused by name beyond it', async () => {
    expect((await send('POST', '/v1/labels', label('a'.repeat(256), 'b'.repeat(1_000)))).status).toBe(200);
    for (const [body, field] of [
      [label('a'.repeat(257)), 'labels.0.id'],
      [label('a', 'b'.repeat(1_001)), 'labels.0.label'],
    ] as const) {
      const refusal = await refusalOf(await send('POST', '/v1/labels', body));
      expect(refusal).toMatchObject({ status: 400, code: 'body-invalid' });
      expect(refusal.detail).toContain(field);
    }
  });
});

describe('a package', () => {
  const start = (manifest: string) =>
    send('PUT', '/v1/models/mnist/instances/1', JSON.stringify({ manifest }));
  const payload = { digest: `sha256:${'1'.repeat(64)}`, size: 1 };

  test('whose manifest is a large file is not read into memory', async () => {
    const text = JSON.stringify(manifestOf('1', payload));
    const { digest } = await storeBlob(host.context, text.padEnd(MAX_MANIFEST_BYTES + 1));
    expect(await refusalOf(await start(digest))).toMatchObject({ status: 413, code: 'part-too-large' });
  });

  test.each(['profile', 'golden'] as const)(
    'whose %s is larger than it says is not started',
    async (part) => {
      const { digest } = await storeBlob(host.context, ' '.repeat(MAX_JSON_PART_BYTES + 1));
      const manifest = await storePackage(host.context, '1', { [part]: { digest, size: 10 } });
      expect(await refusalOf(await start(manifest))).toMatchObject({ status: 413, code: 'part-too-large' });
    },
  );

  const serving = manifestOf('1', payload).serving;
  test.each<[string, Partial<PackageManifest>]>([
    ['more workers than can be configured', { serving: { ...serving, workers: 257 } }],
    ['larger batches than can be configured', { serving: { ...serving, batchSize: 4_097 } }],
    ['a wait that no timer runs', { serving: { ...serving, maxBatchDelayMs: 2 ** 31 } }],
    ['a limit that no timer runs', { serving: { ...serving, responseTimeoutSeconds: 2_147_484 } }],
    ['a run without end', { runId: 'r'.repeat(256) }],
    ['a file name without end', { payload: { kind: 'mar', file: 'm'.repeat(256), ...payload } }],
  ])('that names %s is refused', async (_, change) => {
    const manifest = await storePackage(host.context, '1', change);
    expect(await refusalOf(await start(manifest))).toMatchObject({ status: 422, code: 'manifest-invalid' });
  });
});
