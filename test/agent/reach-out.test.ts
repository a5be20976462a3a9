import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type Server } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExchange } from '../../agent/machine/reach-out.ts';
import { createPrivateCa, type PrivateCa } from '../../sandbox/network/private-ca.ts';
import { type RunningProxy, startProxy } from '../../sandbox/network/proxy.ts';

const CREDENTIALS = 'agent:s3cret';

let folder: string;
let ca: PrivateCa;
let servers: readonly Server[];
let proxy: RunningProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reach-out-'));
  ca = createPrivateCa(folder);
  const { cert, key } = ca.issue('github.corp.test');
  const echo: http.RequestListener = async (request, response) => {
    response.end(`${request.headers.host} said ${await text(request)}`);
  };
  const secure = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, echo);
  servers = [http.createServer(echo), secure];
  const [plainPort = 0, securePort = 0] = await Promise.all(servers.map(listen));
  const hosts = { 'plain.corp.test': plainPort, 'github.corp.test': securePort };
  proxy = await startProxy({ hosts, credentials: CREDENTIALS });
});
afterAll(async () => {
  await proxy.stop();
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = (url: string, env: Readonly<Record<string, string>>, caFile?: string) =>
  createExchange(env, caFile)({ url, method: 'POST', json: { a: 1 }, timeoutMs: 10_000 });
const through = (credentials: string) => {
  const address = `http://${credentials}@${proxy.host}`;
  return { HTTPS_PROXY: address, HTTP_PROXY: address };
};

test('reports go through the proxy that alone knows the host, over TLS of a private authority', async () => {
  const answer = await ask('https://github.corp.test/dispatches', through(CREDENTIALS), ca.file);
  expect(answer).toMatchObject({ status: 200, text: 'github.corp.test said {"a":1}' });
  expect(proxy.requests.at(-1)).toEqual({ method: 'CONNECT', target: 'github.corp.test:443' });
});

test('plain http is forwarded', async () => {
  const answer = await ask('http://plain.corp.test/x', through(CREDENTIALS));
  expect(answer).toMatchObject({ status: 200, text: 'plain.corp.test said {"a":1}' });
});

test('a certificate of an authority that nobody named is refused', async () => {
  await expect(ask('https://github.corp.test/', through(CREDENTIALS))).rejects.toThrow(
    'POST https://github.corp.test/ failed',
  );
});

test('a proxy that refuses us is named without its password', async () => {
  const said = await ask('https://github.corp.test/', through('agent:wrong'), ca.file).catch(String);
  expect(said).toMatch(new RegExp(`${proxy.host}.*407`));
  expect(said).not.toContain('wrong');
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
