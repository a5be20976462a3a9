import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { ApiAnswer, App, Incoming } from '../../../agent/http/call.ts';
import { type Failure, serveApp } from '../../../agent/http/serve.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

/** What was told of answers that failed. */
const told: Failure[] = [];
afterEach(() => void told.splice(0));
const fail = (failure: Failure): ApiAnswer => {
  told.push(failure);
  return { status: 500, headers: { 'content-type': 'text/x-failed' }, body: 'failed' };
};

async function listen(app: App, prepare = (_server: Server) => {}): Promise<number> {
  const server = createServer(serveApp(app, fail));
  prepare(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const answer = (body: ApiAnswer['body'], headers: ApiAnswer['headers'] = {}): ApiAnswer => ({
  ...{ status: 200, headers, body },
});

const ask = (port: number, method: string, sent?: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path: '/a?b=1' }, resolve);
    outgoing.once('error', reject);
    outgoing.end(sent);
  });

test('an answer has its status, its headers and its length; HEAD has no body', async () => {
  const port = await listen(async () => ({ status: 202, headers: { etag: '"1"' }, body: 'ä' }));
  const got = await ask(port, 'GET');
  expect(got).toMatchObject({ statusCode: 202, headers: { etag: '"1"', 'content-length': '2' } });
  expect(await text(got)).toBe('ä');
  const head = await ask(port, 'HEAD');
  expect(head).toMatchObject({ statusCode: 202, headers: { etag: '"1"' } });
  expect(await text(head)).toBe('');
});

test('a request says what it was asked by and with', async () => {
  const seen: Incoming[] = [];
  const port = await listen(async (incoming) => {
    seen.push(incoming);
    return answer(incoming.body === undefined ? 'none' : await text(Readable.from(incoming.body)));
  });
  expect(await text(await ask(port, 'POST', 'hello'))).toBe('hello');
  expect(await text(await ask(port, 'GET'))).toBe('none');
  expect(seen[0]).toMatchObject({ method: 'POST', target: '/a?b=1' });
  const socket = connect(port, '127.0.0.1');
  socket.end(
    'GET / HTTP/1.1\r\nhost: x\r\nAuthorization: a\r\nauthorization: b\r\nconnection: close\r\n\r\n',
  );
  await text(socket);
  // Of two tokens none is chosen.
  expect(seen[2]?.header('authorization')).toBe('a, b');
  expect(seen[2]?.header('etag')).toBeUndefined();
});

test('a header called __proto__ is one like others, also where Node fails to collect it (CVE-2026-21710)', async () => {
  const port = await listen(
    async ({ header }) => answer([header('__proto__'), header('x-a'), header('constructor')].join()),
    (server) =>
      server.prependListener('request', (message: IncomingMessage) =>
        Object.defineProperty(message, 'headersDistinct', {
          get: () => {
            throw new TypeError('dest[field].push is not a function');
          },
        }),
      ),
  );
  const socket = connect(port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\nhost: x\r\n__proto__: p\r\nX-A: 1\r\nx-a: 2\r\nconnection: close\r\n\r\n');
  expect(await text(socket)).toMatch(/\r\n\r\np,1, 2,$/);
});

test('who reads a part of the body only can answer, and the connection goes on behind the rest of it', async () => {
  const port = await listen(async ({ body }) => {
    for await (const part of body ?? []) return answer(String(part.length > 0));
    return answer('none');
  });
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let said = '';
  socket.on('data', (part) => (said += String(part)));
  const length = 2 ** 20;
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${'a'.repeat(length / 2)}`);
  await waitFor(() => said.includes('true'), 'the answer');
  socket.write(`${'a'.repeat(length / 2)}GET / HTTP/1.1\r\nhost: x\r\n\r\n`);
  await waitFor(() => said.includes('none'), 'the next answer');
});

test('a stream is sent as it is taken, and told when nobody listens any more', async () => {
  let [pulled, isCancelled, isGone] = [0, false, false];
  const endless = () =>
    new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(Buffer.alloc(2 ** 16, 'a'));
        },
        cancel: () => {
          isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
  const port = await listen(async ({ gone }) => {
    gone.addEventListener('abort', () => (isGone = true));
    return answer(endless());
  });
  const got = await ask(port, 'GET');
  // Nobody reads: what is on its way fills up, and no more is made.
  let before = -1;
  await waitFor(() => {
    const stands = pulled > 0 && pulled === before;
    before = pulled;
    return stands;
  }, 'the stream to stand');
  expect(pulled).toBeLessThan(1_000);
  got.resume();
  await waitFor(() => pulled > before, 'the stream to go on');
  got.destroy();
  await waitFor(() => isCancelled && isGone, 'the stream to be let go');
});

test('a stream that fails in its midst ends the connection, no answer is whole, and it is told', async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from('half')),
    pull: (controller) => controller.error(new Error('no more')),
  });
  const cut = await listen(async () => answer(broken));
  await expect(ask(cut, 'GET').then(text)).rejects.toThrow();
  expect(told).toEqual([{ method: 'GET', path: '/a', thrown: new Error('no more') }]);
});

test.each([
  ['an application', () => Promise.reject(new Error('no'))],
  ['a header that can not be sent', async () => answer('', { etag: '1', 'x-a': 'a\r\nb' })],
  [
    'a stream at its first part',
    async () => answer(new ReadableStream({ start: (controller) => controller.error(new Error('no')) })),
  ],
])('%s that fails is answered, and told', async (_, app) => {
  const port = await listen(app);
  const got = await ask(port, 'GET');
  expect(got).toMatchObject({ statusCode: 500, headers: { 'content-type': 'text/x-failed' } });
  expect(got.headers.etag).toBeUndefined();
  expect(await text(got)).toBe('failed');
  expect(told).toMatchObject([{ method: 'GET', path: '/a', thrown: expect.any(Error) }]);
});

test('a stream for somebody who is gone is let go at once', async () => {
  const [cancelled, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: () => {
        pulled += 1;
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  const port = await listen(async ({ gone }) => {
    const isGone = new Promise((resolve) => gone.addEventListener('abort', resolve));
    left.resolve();
    await isGone;
    return answer(stream);
  });
  const outgoing = request({ host: '127.0.0.1', port });
  outgoing.on('error', () => {});
  outgoing.end();
  await left.promise;
  outgoing.destroy();
  await cancelled.promise;
  expect([pulled, told]).toEqual([0, []]);
});

test('a stream that ends before it is taken ends the answer', async () => {
  let end = () => {};
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(Buffer.alloc(2 ** 23));
      end = () => controller.close();
    },
  });
  const port = await listen(async () => answer(stream));
  const got = await ask(port, 'GET');
  end();
  expect((await text(got)).length).toBe(2 ** 23);
});
