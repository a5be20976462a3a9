import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRetryAfter, requestBytes, requestJson, requestStream } from '../../adapters/network/http.ts';
import { ServiceError } from '../../core/errors.ts';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers each request with the next reply, the last one for ever. */
async function serve(...replies: readonly Reply[]): Promise<{ url: string; seen: () => number }> {
  let seen = 0;
  const server = createServer((request, response) => {
    replies[Math.min(seen++, replies.length - 1)]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/thing?token=hidden`, seen: () => seen };
}

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Reply =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** Waits that are only noted down. */
function noting() {
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  return { waits, dependencies: { wait, random: () => 1 } };
}

describe('the HTTP client', () => {
  test('gives the parsed JSON of an accepted answer', async () => {
    const { url } = await serve(answer(200, '{"a":1}'));
    expect((await requestJson({ url })).body).toEqual({ a: 1 });
  });

  test('retries server errors with growing waits, then succeeds', async () => {
    const { url, seen } = await serve(answer(502), answer(503), answer(200, '{}'));
    const { waits, dependencies } = noting();
    await requestJson({ url }, dependencies);
    expect(seen()).toBe(3);
    expect(waits).toEqual([1_000, 2_000]);
  });

  test('waits as long as retry-after asks', async () => {
    const { url } = await serve(answer(429, '', { 'retry-after': '7' }), answer(200, '{}'));
    const { waits, dependencies } = noting();
    await requestJson({ url }, dependencies);
    expect(waits).toEqual([7_000]);
  });

  test('gives up on a server that asks for more than a minute', async () => {
    const { url, seen } = await serve(answer(503, '', { 'retry-after': '3600' }));
    await expect(requestJson({ url }, noting().dependencies)).rejects.toThrow(ServiceError);
    expect(seen()).toBe(1);
  });

  test('names the endpoint and the remedy, never the query, once attempts are spent', async () => {
    const { url, seen } = await serve(answer(500, 'boom'));
    const failed = requestJson({ url, attempts: 2, remedy: 'Start it.' }, noting().dependencies);
    await expect(failed).rejects.toThrow(
      /GET http:\/\/127\.0\.0\.1:\d+\/thing: .*500: boom \(2 attempts\)\. Start it\./,
    );
    await expect(failed).rejects.not.toThrow(/hidden/);
    expect(seen()).toBe(2);
  });

  test('does not send a POST again that may have been acted upon', async () => {
    const { url, seen } = await serve(answer(500));
    await expect(requestJson({ url, method: 'POST', json: {} }, noting().dependencies)).rejects.toThrow(
      '500',
    );
    expect(seen()).toBe(1);
  });

  test('reports a refused connection by its code', async () => {
    const { url } = await serve(answer(200));
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const failed = requestJson({ url }, noting().dependencies);
    await expect(failed).rejects.toThrow('could not be reached (ECONNREFUSED) (4 attempts)');
  });

  test('ends an attempt that takes too long', async () => {
    const { url } = await serve(() => undefined);
    const failed = requestJson({ url, attempts: 1, timeoutMs: 20 });
    await expect(failed).rejects.toThrow('did not answer in time');
  });

  test('says so when the answer is not JSON', async () => {
    const { url } = await serve(answer(200, '<html>'));
    await expect(requestJson({ url })).rejects.toThrow('something other than JSON');
  });

  test('lets the caller accept a status and read its body', async () => {
    const { url } = await serve(answer(404, '{"code":"x"}'));
    const { status, body } = await requestJson({ url, accept: (status) => status === 404 });
    expect({ status, body }).toEqual({ status: 404, body: { code: 'x' } });
  });

  test('gives bytes, and streams them to a file', async () => {
    const { url } = await serve(answer(200, 'bytes'));
    expect(Buffer.from((await requestBytes({ url })).body).toString()).toBe('bytes');
    const file = join(await mkdtemp(join(tmpdir(), 'trainyard-')), 'file');
    await requestStream({ url }, (body) => pipeline(body, createWriteStream(file)));
    expect(await readFile(file, 'utf8')).toBe('bytes');
  });
});

test.each([
  [null, undefined],
  ['5', 5_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
])('reads retry-after %j as %j ms', (header, expected) => {
  expect(parseRetryAfter(header, 1_000)).toBe(expected);
});
