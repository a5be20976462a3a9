import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import https, { type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import type { ProcessVariables } from '../../adapters/network/choose-proxy.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { requestJson } from '../../adapters/network/http.ts';
import { ServiceError, UserError } from '../../core/errors.ts';
import { createPrivateCa } from '../../sandbox/network/private-ca.ts';
import { type RunningProxy, startProxy } from '../../sandbox/network/proxy.ts';

const OTHER = Array(32).fill('AB').join(':');

let folder: string;
let client: string;
let server: Server;
let port: number;
let shown: string;
let proxy: RunningProxy;
let seen: { readonly path: string | undefined; readonly by: string | undefined }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pinned-'));
  const ca = createPrivateCa(folder);
  const { cert, key } = ca.issue('another.name.test');
  const own = ca.issue('runner-1');
  client = join(folder, 'client.pem');
  writeFileSync(client, `${readFileSync(own.cert, 'utf8')}${readFileSync(own.key, 'utf8')}`);
  shown = new X509Certificate(readFileSync(cert)).fingerprint256;
  const pair = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca.file) };
  server = https.createServer(
    { ...pair, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket } = request;
      const by = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.subject : undefined;
      seen.push({ path: request.url, by });
      response.end('{}');
    },
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  proxy = await startProxy({ hosts: { 'pinned.corp.test': port } });
});
afterAll(async () => {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
});

/** Asks twice, since a second connection might take up what the first was trusted with. */
async function ask(env: ProcessVariables, fingerprint: string | undefined, url: string) {
  const http = { fetch: createAgentFetch(env, fingerprint), wait: async () => undefined };
  await requestJson({ url, headers: { authorization: 'Bearer secret' } }, http);
  return requestJson({ url, headers: { authorization: 'Bearer secret' } }, http);
}

const ways = (): readonly (readonly [ProcessVariables, string])[] => [
  [{}, `https://127.0.0.1:${port}/direct`],
  [{ HTTPS_PROXY: `http://${proxy.host}` }, 'https://pinned.corp.test/tunnelled'],
];

test('a host without pin and client certificate is asked as every other service', () => {
  const usual = createFetch({});
  expect(createAgentFetch({}, undefined, usual)).toBe(usual);
});

test('a pinned certificate is taken without authority and name, straight and through a proxy', async () => {
  for (const [env, url] of ways()) expect((await ask(env, shown, url)).status).toBe(200);
  expect(seen.map(({ path }) => path)).toEqual(['/direct', '/direct', '/tunnelled', '/tunnelled']);
});

test('another certificate is refused with both values named, is tried once, and is sent nothing', async () => {
  for (const [env, url] of ways()) {
    const refused = await ask(env, OTHER, url).catch((thrown: unknown) => thrown);
    if (!(refused instanceof ServiceError)) throw new Error('It was not refused.');
    const { message, remedy, code } = refused.problem;
    expect(message).toContain(
      `it shows a certificate with SHA-256 ${shown}, and trainyard.yml names ${OTHER}`,
    );
    expect(message).not.toContain('attempts');
    expect(remedy).toContain('find out who answers');
    expect(code).not.toBe('unreachable');
  }
  expect(seen).toEqual([]);
});

test('an authority that is trusted does not stand for the pin', async () => {
  const env = { TRAINYARD_CA_FILE: join(folder, 'ca.pem') };
  await expect(ask(env, OTHER, `https://127.0.0.1:${port}/`)).rejects.toThrow(OTHER);
  expect(seen).toEqual([]);
});

test('a client certificate is shown, with a pin and with none', async () => {
  const env = { TRAINYARD_CLIENT_CERT_FILE: client };
  await ask(env, shown, `https://127.0.0.1:${port}/`);
  const trusted = { ...env, TRAINYARD_CA_FILE: join(folder, 'ca.pem'), HTTPS_PROXY: `http://${proxy.host}` };
  await expect(ask(trusted, undefined, 'https://pinned.corp.test/')).rejects.toThrow(
    /ERR_TLS_CERT_ALTNAME_INVALID/,
  );
  expect(seen.map(({ by }) => by)).toEqual(['CN=runner-1', 'CN=runner-1']);
});

test('a client certificate that can not be used is named', () => {
  const file = join(folder, 'half.pem');
  writeFileSync(file, readFileSync(join(folder, 'runner-1.pem')));
  const made = () => createAgentFetch({ TRAINYARD_CLIENT_CERT_FILE: file }, shown);
  expect(made).toThrow(UserError);
  expect(made).toThrow(/half\.pem can't be used/);
});
