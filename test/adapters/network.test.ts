import { openAsBlob, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { getCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childVariables } from '../../adapters/network/child-variables.ts';
import { chooseProxy, type ProcessVariables, proxySecrets } from '../../adapters/network/choose-proxy.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { requestJson } from '../../adapters/network/http.ts';
import { runCommand } from '../../adapters/run-command.ts';
import { ServiceError, UserError } from '../../core/errors.ts';
import { createPrivateCa, type PrivateCa } from '../../sandbox/network/private-ca.ts';
import { type RunningProxy, startProxy } from '../../sandbox/network/proxy.ts';

let folder: string;
let ca: PrivateCa;
let plain: Server;
let secure: Server;
let proxy: RunningProxy;
let guarded: RunningProxy;
let warnings: string[];
let seen: { host: string | undefined; url: string | undefined; body: string }[];

const echo: RequestListener = async (request, response) => {
  const body = await text(request);
  seen.push({ host: request.headers.host, url: request.url, body });
  response.end(JSON.stringify({ body }));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'network-'));
  ca = createPrivateCa(folder);
  const { cert, key } = ca.issue('secure.corp.test');
  plain = await listen(http.createServer(echo));
  secure = await listen(https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, echo));
  const hosts = { 'plain.corp.test': portOf(plain), 'secure.corp.test': portOf(secure) };
  proxy = await startProxy({ hosts });
  guarded = await startProxy({ hosts, credentials: 'ada:s3 cret' });
});
afterAll(async () => {
  await Promise.all([proxy.stop(), guarded.stop()]);
  for (const server of [plain, secure]) server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
  warnings = [];
});
const warn = (line: string) => void warnings.push(line);

describe('the proxy for an address', () => {
  const all = { https_proxy: 'http://s:1', http_proxy: 'http://p:1' };
  it.each<[string, string, ProcessVariables, string | undefined]>([
    ['by scheme: https', 'https://a.test/', all, 's:1'],
    ['by scheme: http', 'http://a.test/', all, 'p:1'],
    ['upper case too', 'https://a.test/', { HTTPS_PROXY: 'http://s:1' }, 's:1'],
    ['lower case first', 'https://a.test/', { ...all, HTTPS_PROXY: 'http://u:1' }, 's:1'],
    ['written without a scheme', 'http://a.test/', { http_proxy: 'p:1' }, 'p:1'],
    ['none of the other scheme', 'https://a.test/', { http_proxy: 'http://p:1' }, undefined],
    ['none when it is empty', 'https://a.test/', { https_proxy: '' }, undefined],
    ['none on loopback', 'http://127.0.0.1:80/', all, undefined],
    ['none on loopback by name', 'http://localhost/', all, undefined],
    ['none on loopback in IPv6', 'http://[::1]/', all, undefined],
    ['none for a host exempt', 'http://a.test/', { ...all, no_proxy: 'b.test, a.test' }, undefined],
    ['none below a host exempt', 'http://x.a.test/', { ...all, NO_PROXY: 'a.test' }, undefined],
    ['none below a domain exempt', 'http://x.a.test/', { ...all, no_proxy: '.a.test' }, undefined],
    ['but for one that only ends so', 'http://xa.test/', { ...all, no_proxy: 'a.test' }, 'p:1'],
    ['none for a port exempt', 'http://a.test:81/', { ...all, no_proxy: 'a.test:81' }, undefined],
    ['but for another port', 'http://a.test/', { ...all, no_proxy: 'a.test:81' }, 'p:1'],
    ['none at all', 'http://a.test/', { ...all, no_proxy: '*' }, undefined],
  ])('is %s', (_, url, env, expected) => {
    expect(chooseProxy(new URL(url), env)?.host).toBe(expected);
  });

  it('is refused where it is none, and its text is not repeated', () => {
    const env = { https_proxy: 'ftp://ada:secret@p:1' };
    expect(() => chooseProxy(new URL('https://a.test/'), env)).toThrow(/https_proxy.*no address/);
    expect(() => chooseProxy(new URL('https://a.test/'), env)).not.toThrow(/secret/);
  });

  it('has a password to mask, as it is and as it is written', () => {
    expect(proxySecrets({ HTTPS_PROXY: 'http://ada:s3%20cret@p:1' })).toEqual(['s3%20cret', 's3 cret']);
    expect(proxySecrets({ HTTPS_PROXY: 'http://p:1' })).toEqual([]);
  });
});

describe('fetch through a proxy that alone resolves the names', () => {
  it('is Node’s own where nothing is set', () => {
    expect(createFetch({ PATH: '/bin' })).toBe(globalThis.fetch);
  });

  it('forwards plain http, and sends bodies of each kind', async () => {
    const before = proxy.requests.length;
    const http = { fetch: createFetch({ http_proxy: `http://${proxy.host}` }) };
    const url = 'http://plain.corp.test/a?b=c';
    const file = join(folder, 'body.txt');
    writeFileSync(file, 'from a file');
    const answers = [
      await requestJson({ url, method: 'POST', json: { n: 1 } }, http),
      await requestJson({ url, method: 'PUT', body: await openAsBlob(file) }, http),
      await requestJson({ url }, http),
    ];
    expect(answers.map(({ body }) => body)).toEqual([
      { body: '{"n":1}' },
      { body: 'from a file' },
      { body: '' },
    ]);
    expect(seen.every(({ host, url: path }) => host === 'plain.corp.test' && path === '/a?b=c')).toBe(true);
    expect(proxy.requests.slice(before).map(({ method }) => method)).toEqual(['POST', 'PUT', 'GET']);
  });

  it('tunnels https, and trusts the authority that the file names', async () => {
    const env = { HTTPS_PROXY: `http://${proxy.host}`, TRAINYARD_CA_FILE: ca.file };
    const answer = await requestJson({ url: 'https://secure.corp.test/' }, { fetch: createFetch(env) });
    expect(answer.status).toBe(200);
    expect(proxy.requests.at(-1)).toEqual({ method: 'CONNECT', target: 'secure.corp.test:443' });
  });

  it('refuses a certificate of an authority that nobody named', async () => {
    const env = { https_proxy: `http://${proxy.host}` };
    await expect(ask('https://secure.corp.test/', env)).rejects.toThrow(/UNABLE_TO|SELF_SIGNED|issuer/i);
  });

  it('signs in with the address’s own user and password', async () => {
    const env = { http_proxy: `http://ada:s3%20cret@${guarded.host}` };
    const answer = await requestJson({ url: 'http://plain.corp.test/' }, { fetch: createFetch(env) });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['that refuses a tunnel', () => `http://ada:wrong@${guarded.host}`, 'https://secure.corp.test/', /407/],
    ['that refuses a request', () => `http://ada:wrong@${guarded.host}`, 'http://plain.corp.test/', /407/],
    ['that is not there', () => 'http://ada:wrong@127.0.0.1:9', 'https://secure.corp.test/', /ECONNREFUSED/],
  ])('names a proxy %s, without its password', async (_, address, url, reason) => {
    const asked = ask(url, { https_proxy: address(), http_proxy: address() });
    const said = await asked.then(String, (thrown: unknown) =>
      thrown instanceof ServiceError ? thrown.message : '',
    );
    expect(said).toMatch(reason);
    expect(said).toContain(`through the proxy ${new URL(address()).host}`);
    expect(said).not.toContain('wrong');
  });

  it('goes straight to loopback', async () => {
    const before = proxy.requests.length;
    const env = { http_proxy: `http://${proxy.host}` };
    await ask(`http://127.0.0.1:${portOf(plain)}/`, env);
    expect(proxy.requests).toHaveLength(before);
  });

  it('says which file holds no certificate', async () => {
    const file = join(folder, 'empty.pem');
    writeFileSync(file, 'nothing');
    const asked = createFetch({ TRAINYARD_CA_FILE: file })('https://secure.corp.test/');
    await expect(asked).rejects.toThrow(UserError);
  });
});

describe('programs that are started', () => {
  it('are told nothing where nothing is set', () => {
    expect(childVariables({ PATH: '/bin' }, folder, warn)).toEqual({});
  });

  it('are told the proxy in both cases, and that loopback has none', () => {
    const told = childVariables({ HTTP_PROXY: 'http://p:1', no_proxy: 'a.test' }, folder, warn);
    expect(told).toEqual({
      http_proxy: 'http://p:1',
      HTTP_PROXY: 'http://p:1',
      no_proxy: 'a.test,localhost,127.0.0.1,::1',
      NO_PROXY: 'a.test,localhost,127.0.0.1,::1',
    });
  });

  it('are given one file with the named authority, those of a bundle set before, and all others', () => {
    const before = createPrivateCa(join(folder, 'before')).file;
    const env = { NODE_EXTRA_CA_CERTS: ca.file, REQUESTS_CA_BUNDLE: before };
    const told = childVariables(env, folder, warn);
    const file = told['REQUESTS_CA_BUNDLE'] ?? '';
    expect(told).toMatchObject({ GIT_SSL_CAINFO: file, SSL_CERT_FILE: file, PIP_CERT: file });
    const bundle = readFileSync(file, 'utf8');
    for (const own of [ca.file, before]) expect(bundle).toContain(readFileSync(own, 'utf8').trim());
    const [root = ''] = getCACertificates('bundled');
    expect(bundle).toContain(root.trim());
    expect(warnings).toEqual([]);
  });

  it.each(['NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'])(
    'do without the file that %s names when it can’t be read: that is said, and no more',
    (name) => {
      const env = { TRAINYARD_CA_FILE: ca.file, [name]: '/no/such.pem' };
      const bundle = readFileSync(childVariables(env, folder, warn)['SSL_CERT_FILE'] ?? '', 'utf8');
      expect(bundle).toContain(readFileSync(ca.file, 'utf8').trim());
      expect(warnings).toEqual([expect.stringMatching(new RegExp(`/no/such\\.pem.*${name}`))]);
    },
  );

  it.each<[string, Record<string, string>]>([
    ['workflow’s input', { TRAINYARD_CA_FILE_INPUT: '/no/input.pem', TRAINYARD_CA_FILE: '/no/runner.pem' }],
    ['runner where that is empty', { TRAINYARD_CA_FILE_INPUT: '', TRAINYARD_CA_FILE: '/no/input.pem' }],
  ])('trust the file of the %s, as we do', async (_, env) => {
    expect(() => childVariables(env, folder, warn)).toThrow('/no/input.pem');
    await expect(createFetch(env)('https://secure.corp.test/')).rejects.toThrow('/no/input.pem');
  });

  it('keep their own variables when no authority can be added', () => {
    const env = { NODE_EXTRA_CA_CERTS: '/no/such.pem', SSL_CERT_FILE: ca.file };
    expect(childVariables(env, folder, warn)).toEqual({});
  });

  it('are not started when our own variable names a file that can’t be read', () => {
    const env = { TRAINYARD_CA_FILE: '/no/such.pem' };
    expect(() => childVariables(env, folder, warn)).toThrow(UserError);
  });
});

describe('a program that is started', () => {
  it.each([
    ['git', ['ls-remote', 'https://secure.corp.test/a.git'], '/a.git/info/refs'],
    ['python3', ['-c', 'import urllib.request as u; u.urlopen("https://secure.corp.test/p")'], '/p'],
  ])('(%s) reaches hosts through the proxy, by the authority', async (command, args, asked) => {
    const env = { HTTPS_PROXY: `http://${proxy.host}`, TRAINYARD_CA_FILE: ca.file };
    const own = { PATH: process.env['PATH'], ...env, ...childVariables(env, folder, warn) };
    const { stderr } = await runCommand({ command, args, env: own, timeoutMs: 20_000 });
    expect(stderr).not.toMatch(/SSL|certificate/i);
    expect(seen.map(({ url }) => url?.split('?')[0])).toContain(asked);
  });
});

function ask(url: string, env: ProcessVariables): Promise<unknown> {
  return requestJson({ url, attempts: 1 }, { fetch: createFetch(env) });
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('an address of the wrong kind', () => {
  const patient = { wait: async () => undefined };
  const messageFor = async (url: string) => {
    const failed: unknown = await requestJson({ url, attempts: 2, remedy: 'Look.' }, patient).catch(
      (error: unknown) => error,
    );
    return failed instanceof ServiceError ? failed.message : failed;
  };

  it('is told: TLS is spoken where plain text was', async () => {
    const host = `127.0.0.1:${portOf(secure)}`;
    expect(await messageFor(`http://${host}/v1`)).toMatch(
      new RegExp(
        `could not be reached \\([A-Z_]+\\) \\(2 attempts\\): TLS is spoken there. Write https://${host}\\.$`,
      ),
    );
  });

  it('is told: plain text is spoken where TLS was', async () => {
    const host = `127.0.0.1:${portOf(plain)}`;
    expect(await messageFor(`https://${host}/v1`)).toContain(`no TLS is spoken there. Write http://${host}`);
  });

  it('is told: the authority of the certificate is none that is trusted here', async () => {
    const message = await messageFor(`https://127.0.0.1:${portOf(secure)}/v1`);
    expect(message).toContain("its certificate is of an authority that isn't trusted here. Name a file");
    expect(message).toContain('TRAINYARD_CA_FILE');
  });

  it('is quoted as it failed where nothing is known of it', async () => {
    const closing = await listen(http.createServer((request) => request.socket.destroy()));
    expect(await messageFor(`http://127.0.0.1:${portOf(closing)}/v1`)).toMatch(/\(2 attempts\)\. Look\.$/);
    closing.close();
  });
});
