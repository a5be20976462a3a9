import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { exchangeHttp } from '../../agent/machine/exchange-http.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const opened = createServer(listener);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  const address = opened.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('one exchange', () => {
  test('gives the answer whatever its status, and leaves no timer behind', async () => {
    const origin = await serve((_, response) => response.writeHead(503).end('not yet'));
    const before = timers();
    expect(await exchangeHttp({ url: `${origin}/a`, timeoutMs: 60_000 })).toMatchObject({
      status: 503,
      text: 'not yet',
    });
    expect(timers()).toBe(before);
  });

  test('names the endpoint and the time where nothing answers', async () => {
    const origin = await serve(() => undefined);
    await expect(exchangeHttp({ url: `${origin}/a?b=1`, timeoutMs: 50 })).rejects.toThrow(
      `GET ${origin}/a did not answer in 0.05 s`,
    );
  });

  test('takes the time to the last byte', async () => {
    const origin = await serve((_, response) => response.write('a part'));
    await expect(exchangeHttp({ url: `${origin}/a`, timeoutMs: 50 })).rejects.toThrow(
      `GET ${origin}/a did not answer in 0.05 s`,
    );
  });

  test('says why it failed, also before anything was sent', async () => {
    const cut = await serve((request) => request.socket.destroy());
    await expect(
      exchangeHttp({ url: `${cut}/a`, method: 'POST', json: {}, timeoutMs: 60_000 }),
    ).rejects.toThrow(`POST ${cut}/a failed (socket hang up)`);
    const headers = { authorization: 'a\nb' };
    await expect(exchangeHttp({ url: `${cut}/a`, headers, timeoutMs: 60_000 })).rejects.toThrow(
      `GET ${cut}/a failed (Invalid character in header content`,
    );
  });
});
