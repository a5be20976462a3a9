import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHost } from '../../actions/job/host.ts';
import { connectAgents } from '../../actions/serving/wiring.ts';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { createAgent } from '../../agent/agent.ts';
import { requireCertificate } from '../../agent/api/authorize.ts';
import { createApp, listen } from '../../agent/api/server.ts';
import { lookAtKeys } from '../../agent/check/look-at-keys.ts';
import { readOptions } from '../../agent/options/options.ts';
import { makeCertificate } from '../../agent/tls/make-certificate.ts';
import { ServiceError, UserError } from '../../core/errors.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { createPrivateCa, type PrivateCa } from '../../sandbox/network/private-ca.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

let folder: string;
let ca: PrivateCa;
let cert: string;
let key: string;
const opened: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  ca = createPrivateCa(join(folder, 'ca'));
  [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  place('first');
});
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a new pair in the place of the old one; gives its fingerprint. */
function place(name: string): string {
  const made = ca.issue(name);
  copyFileSync(made.cert, cert);
  copyFileSync(made.key, key);
  return new X509Certificate(readFileSync(cert)).fingerprint256;
}

async function start(flags: Readonly<Record<string, string>>): Promise<{ host: FakeHost; url: string }> {
  const host = openFakeHost({ listen: '127.0.0.1:0', ...flags });
  const agent = createAgent(host.context);
  const server: Server = await listen(createApp(agent), agent);
  opened.push(host.close, () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { host, url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}

function ask(url: string, fingerprint: string, env: Readonly<Record<string, string>> = {}) {
  const dependencies = { fetch: createAgentFetch(env, fingerprint), wait: async () => undefined };
  return createAgentClient({ url, token: TOKENS.deployer, dependencies }).state();
}

async function refusalOf(asked: Promise<unknown>): Promise<ServiceError['problem']> {
  const thrown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof ServiceError) return thrown.problem;
  throw new Error(`It was not refused: ${thrown}`);
}

test('a renewed certificate is shown to the next connection, without a restart', async () => {
  const first = place('first');
  const { host, url } = await start({ 'tls-cert': cert, 'tls-key': key });
  expect((await ask(url, first)).certificate?.sha256).toBe(first);
  const second = place('second');
  expect((await ask(url, second)).certificate?.sha256).toBe(second);
  expect((await refusalOf(ask(url, first))).message).toContain(second);
  expect(host.world.log.join('\n')).toContain(`The certificate was read anew: SHA-256 ${second}`);
});

test.each<[string, () => void, RegExp]>([
  [
    'whose key is another’s',
    () => copyFileSync(ca.issue('other').key, key),
    /tls\.key is not the key of .*tls\.crt/,
  ],
  ['that is no PEM', () => writeFileSync(cert, 'half of a'), /tls\.crt or .* can't be read as PEM/],
  ['that is gone', () => rmSync(key), /tls\.key can't be read/],
])('a new certificate %s changes nothing, and the host says so until it is good', async (_, spoil, why) => {
  const first = place('first');
  const { host, url } = await start({ 'tls-cert': cert, 'tls-key': key });
  spoil();
  for (let time = 0; time < 2; time += 1) {
    const { warnings = [] } = await ask(url, first);
    expect(warnings.find(({ code }) => code === 'certificate-kept')?.message).toMatch(why);
  }
  expect(host.world.log.filter((line) => /stays as it was/.test(line))).toHaveLength(1);
  const good = place('good');
  const state = await ask(url, good);
  expect(state.warnings?.map(({ code }) => code) ?? []).not.toContain('certificate-kept');
});

test('a pair that does not fit together starts no agent', () => {
  copyFileSync(ca.issue('other').key, key);
  expect(() => openFakeHost({ 'tls-cert': cert, 'tls-key': key })).toThrow(UserError);
});

test('a self-signed certificate is made once, for its owner alone, and its fingerprint is told everywhere', async () => {
  const flags = ['--data-dir', folder, '--tls', 'self-signed', '--listen', '10.0.0.5:9443'];
  const env = { TRAINYARD_AGENT_TOKENS: `deployer ${TOKENS.deployer}` };
  const options = readOptions(flags, env);
  const told = () =>
    lookAtKeys(readOptions(flags, env), Date.now()).find(({ subject }) => subject === 'certificate');
  expect(told()).toMatchObject({ kind: 'passed-over' });
  expect(await makeCertificate(options, process.env)).toBe(true);
  expect(await makeCertificate(options, process.env)).toBe(false);
  const made = new X509Certificate(readFileSync(join(folder, 'tls', 'self-signed.crt')));
  expect(made.verify(made.publicKey)).toBe(true);
  expect(made.checkIP('10.0.0.5')).toBe('10.0.0.5');
  expect(statSync(join(folder, 'tls', 'self-signed.key')).mode & 0o077).toBe(0);
  expect(told()).toMatchObject({ kind: 'fine', text: expect.stringContaining(made.fingerprint256) });
  const own = join(folder, 'tls');
  const { url } = await start({
    'tls-cert': join(own, 'self-signed.crt'),
    'tls-key': join(own, 'self-signed.key'),
  });
  expect((await ask(url, made.fingerprint256)).certificate?.sha256).toBe(made.fingerprint256);
});

type Shown = { readonly cert?: string; readonly key?: string; readonly session?: Buffer };

/** Asks over a connection of its own, taking a session up where one is given; gives the status, and the ticket of the connection. */
async function askBy(url: string, shown: Shown) {
  const { port, hostname: host } = new URL(url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...shown });
  let session: Buffer | undefined;
  socket.on('session', (ticket: Buffer) => {
    session = ticket;
  });
  socket.write(
    `GET /v1/state HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${TOKENS.deployer}\r\nconnection: close\r\n\r\n`,
  );
  await once(socket, 'secureConnect');
  const isResumed = socket.isSessionReused();
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: text.split(' ')[1], text, isResumed, ...(session && { session }) };
}

test('a session that is taken up again stands for the certificate that was shown with it, and for none where none was', async () => {
  const { url } = await start({ 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': ca.file });
  const { session: unshown } = await askBy(url, {});
  const nameless = await askBy(url, { ...(unshown && { session: unshown }) });
  expect(nameless).toMatchObject({ isResumed: true, status: '401' });
  expect(nameless.text).toContain('No client certificate came with it');
  const made = ca.issue('runner');
  const own = { cert: readFileSync(made.cert, 'utf8'), key: readFileSync(made.key, 'utf8') };
  const first = await askBy(url, own);
  expect(first).toMatchObject({ isResumed: false, status: '200' });
  const again = await askBy(url, { ...own, ...(first.session && { session: first.session }) });
  expect(again).toMatchObject({ isResumed: true, status: '200' });
});

test('a connection that Node calls authorized, and that shows no certificate, is refused', () => {
  // Node 20.20 calls a session of TLS 1.3 so that is taken up again, whether or not a certificate was ever shown.
  const socket = Object.assign(new TLSSocket(new Socket()), { authorized: true });
  expect(() => requireCertificate({ socket })).toThrow(/No client certificate came with it/);
  socket.destroy();
});

test('an agent that asks for client certificates answers those of its authorities alone', async () => {
  const first = place('first');
  const { host, url } = await start({ 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': ca.file });
  const bundle = (authority: PrivateCa, name: string) => {
    const made = authority.issue(name);
    const file = join(folder, `${name}.both`);
    writeFileSync(file, `${readFileSync(made.cert, 'utf8')}${readFileSync(made.key, 'utf8')}`);
    return { TRAINYARD_CLIENT_CERT_FILE: file };
  };
  const none = await refusalOf(ask(url, first));
  expect(none).toMatchObject({
    code: 'client-certificate-needed',
    message: expect.stringMatching(/No client certificate/),
  });
  const stranger = bundle(createPrivateCa(join(folder, 'strangers')), 'stranger');
  const other = await refusalOf(ask(url, first, stranger));
  expect(other).toMatchObject({
    code: 'client-certificate-needed',
    message: expect.stringMatching(/not one of the authorities/),
  });
  expect((await ask(url, first, bundle(ca, 'runner'))).host).toBe('host-1');
  expect(host.world.log.join('\n')).toContain('warning');
  const health = await createAgentFetch({}, first)(`${url}/healthz`);
  expect(health.status).toBe(200);
});

test('a job whose client certificate can’t be used says so once, and does without: who asks for one says that it is needed', async () => {
  const first = place('first');
  const open = await start({ 'tls-cert': cert, 'tls-key': key });
  const closed = await start({ 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': ca.file });
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (line: string) => void warnings.push(line),
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const env = {
    TRAINYARD_CLIENT_CERT_FILE: join(folder, 'gone.pem'),
    TRAINYARD_AGENT_TOKEN: TOKENS.deployer,
  };
  const run = { eventName: 'push', payload: {}, sha: 'a', actor: 'ada', runId: 1, runAttempt: 1 };
  const host = readHost(env, { ...run, serverUrl: 'https://x', apiUrl: 'https://y' }, log);
  const hosts = [open.url, closed.url];
  const fingerprints = Object.fromEntries(hosts.map((url) => [url, first]));
  const connect = () =>
    connectAgents(host, {
      environment: { hosts, fingerprints, leaseSeconds: 60 },
      environmentName: 'production',
    });
  const [answers, asks] = connect();
  connect();
  expect((await answers?.state())?.host).toBe('host-1');
  expect(await refusalOf(asks?.state() ?? Promise.resolve())).toMatchObject({
    code: 'client-certificate-needed',
  });
  expect(warnings).toEqual([expect.stringMatching(/gone\.pem can't be used.*TRAINYARD_CLIENT_CERT_FILE/)]);
});
