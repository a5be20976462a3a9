import { createHmac, generateKeyPairSync, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import { createAgent } from '../../agent/agent.ts';
import type { AgentContext } from '../../agent/context.ts';
import { runLoop } from '../../agent/loop.ts';
import { deliverReports } from '../../agent/outbox/deliver.ts';
import { createTokenSource } from '../../agent/outbox/github-token.ts';
import { report } from '../../agent/outbox/report.ts';
import { sendHeartbeat } from '../../agent/outbox/send-heartbeat.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import {
  dispatchPayloadSchema,
  MAX_PAYLOAD_CHARACTERS,
  MAX_PAYLOAD_KEYS,
  signingText,
} from '../../core/serving/dispatch-payload.ts';
import { type DispatchReceiver, startDispatchReceiver } from '../../sandbox/github/dispatch-receiver.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const DAY_MS = 86_400_000;

let github: DispatchReceiver;
let host: FakeHost;
beforeEach(async () => {
  github = await startDispatchReceiver();
  host = openFakeHost({ repository: 'acme/models', 'github-api-url': github.url });
});
afterEach(async () => {
  host.close();
  await github.close();
});

const brake = (context: AgentContext, step: string, body = {}) =>
  report(context, { type: DISPATCH_TYPES.brake, model: 'mnist', step }, { rollout: step, ...body });
const drift = (context: AgentContext, step: string) =>
  report(context, { type: DISPATCH_TYPES.drift, model: 'mnist', step }, { rollout: step });
/** Every type has its turn, as each has its own in the agent. */
const deliver = async (context = host.context) => {
  const how = { tokens: async () => 'github-token', random: () => 0 };
  for (const type of Object.values(DISPATCH_TYPES)) await deliverReports(context, { type, ...how });
};
const received = () => github.received().map(({ payload }) => payload.body['rollout']);
const pending = () => host.context.store.outbox.pending();

test('delivers what GitHub takes: few keys, signed over type and content', async () => {
  brake(host.context, 'r1');
  await deliver();
  expect(github.received()).toHaveLength(1);
  const { type, payload } = github.received()[0] ?? {};
  const { signature, ...unsigned } = dispatchPayloadSchema.parse(payload);
  expect(Object.keys(payload ?? {}).length).toBeLessThanOrEqual(MAX_PAYLOAD_KEYS);
  const text = signingText(type ?? '', unsigned);
  expect(signature).toBe(createHmac('sha256', 'dispatch-secret').update(text).digest('base64'));
  expect(pending().count).toBe(0);
});

test('signs with the secret of the environment it speaks of, and sends nothing for which it holds none', async () => {
  const { options } = host.context;
  const { dispatch } = options;
  if (dispatch === undefined) throw new Error('no repository');
  const holding = (secret: string): AgentContext => ({
    ...host.context,
    options: { ...options, dispatch: { ...dispatch, secret } },
  });
  const { environment } = options;
  brake(holding(`${environment}=its-own\nelsewhere=another`), 'r1');
  brake(holding('elsewhere=another'), 'r2');
  await deliver();
  expect(received()).toEqual(['r1']);
  const { type = '', payload } = github.received()[0] ?? {};
  expect(verifyDispatch('its-own', type, dispatchPayloadSchema.parse(payload))).toBe(true);
});

test('reports to a repository that was renamed, under the name it was given', async () => {
  github.rename('acme/networks');
  brake(host.context, 'r1');
  await deliver();
  expect(github.received().map(({ path }) => path)).toEqual([
    '/repos/acme/models/dispatches',
    expect.stringMatching(/^\/api\/v3\/repositories\/\d+\/dispatches$/),
  ]);
  expect(pending().count).toBe(0);
});

test('takes its token to no other origin, wherever an answer leads', async () => {
  const headers = { location: 'http://localhost:9/elsewhere' };
  github.faults.add({ answer: { status: 307, headers } });
  brake(host.context, 'r1');
  await deliver();
  expect(github.received()).toHaveLength(1);
  expect(pending().count).toBe(1);
});

test('says the same thing once, however often it is asked to', async () => {
  brake(host.context, 'r1');
  brake(host.context, 'r1');
  expect(pending().count).toBe(1);
});

test('waits longer after each failure, and sends the same id again', async () => {
  github.faults.add({ times: 2, answer: { status: 502 } });
  brake(host.context, 'r1');
  await deliver();
  await deliver();
  expect(github.received()).toHaveLength(1);
  host.world.now += 2_000;
  await deliver();
  host.world.now += 2_000;
  await deliver();
  expect(github.received()).toHaveLength(2);
  host.world.now += 2_000;
  await deliver();
  expect(new Set(github.received().map(({ payload }) => payload.id)).size).toBe(1);
  expect(pending().count).toBe(0);
});

test.each([
  ['retry-after', { 'retry-after': '600' }, 600_000],
  [
    'the reset of the rate limit',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767226500' },
    900_000,
  ],
  ['a minute when it says nothing', {}, 60_000],
])('honours %s', async (_what, headers, waitMs) => {
  github.faults.add({ answer: { status: 403, headers } });
  brake(host.context, 'r1');
  await deliver();
  host.world.now += waitMs - 1;
  await deliver();
  expect(github.received()).toHaveLength(1);
  host.world.now += 1;
  await deliver();
  expect(github.received()).toHaveLength(2);
});

test('keeps the order: a later report of a type never overtakes one that waits', async () => {
  github.faults.add({ answer: { status: 500 } });
  drift(host.context, 'r1');
  await deliver();
  drift(host.context, 'r2');
  await deliver();
  expect(github.received()).toHaveLength(1);
  host.world.now += 2_000;
  await deliver();
  expect(received()).toEqual(['r1', 'r1', 'r2']);
});

test('sends a brake at once, although a heartbeat and an earlier brake wait', async () => {
  github.faults.add({ times: 8, answer: { status: 502 } });
  const { store, clock } = host.context;
  const traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
  store.putTraffic('mnist', { traffic, setAt: clock.now() });
  sendHeartbeat(host.context);
  brake(host.context, 'r1');
  for (const waitMs of [0, 2_000, 4_000, 8_000]) {
    host.world.now += waitMs;
    await deliver();
  }
  expect(github.received()).toHaveLength(8);
  await deliver();
  expect(github.received()).toHaveLength(8);
  brake(host.context, 'r2');
  await deliver();
  // What arrives shows that the way is open: nothing waits for its turn any longer.
  expect(received().slice(8)).toEqual(['r2', 'r1']);
  await deliver();
  expect(pending().count).toBe(0);
});

test('waits for no other type that gets no answer', async () => {
  const { store, clock } = host.context;
  const traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
  store.putTraffic('mnist', { traffic, setAt: clock.now() });
  sendHeartbeat(host.context);
  const silence = Promise.withResolvers<never>();
  const context: AgentContext = {
    ...host.context,
    exchange: (request) =>
      JSON.stringify(request.json).includes('heartbeat') ? silence.promise : host.context.exchange(request),
  };
  const stop = new AbortController();
  const running = runLoop(createAgent(context), () => undefined, stop.signal);
  brake(context, 'r1');
  while (!received().includes('r1')) await new Promise(setImmediate);
  expect(pending().count).toBeGreaterThan(0);
  silence.reject(new Error('no answer'));
  stop.abort();
  await running;
});

test('keeps a bounded number of reports that wait, the newest', async () => {
  for (let index = 0; index < 1_050; index += 1) drift(host.context, `r${index}`);
  brake(host.context, 'b');
  expect(pending().count).toBe(1_001);
  await deliver();
  expect(received()[0]).toBe('r50');
});

test('survives restarts and days offline, and gives up what would be refused as stale', async () => {
  brake(host.context, 'old');
  host.world.now += 3 * DAY_MS;
  brake(host.context, 'new');
  await github.close();
  await deliver();
  expect(pending().count).toBe(2);
  host.world.now += 5 * DAY_MS;
  await deliver(host.reopen());
  expect(pending().count).toBe(1);
  github = await startDispatchReceiver();
});

test('shortens a report that GitHub would refuse as too large', async () => {
  brake(host.context, 'r1', { explanation: 'why', windows: 'x'.repeat(MAX_PAYLOAD_CHARACTERS) });
  await deliver();
  const { payload } = github.received()[0] ?? {};
  expect(JSON.stringify(payload).length).toBeLessThan(MAX_PAYLOAD_CHARACTERS);
  expect(payload?.body).toEqual({ truncated: true, rollout: 'r1', explanation: 'why' });
});

test('sends one heartbeat per interval and model', async () => {
  const { store, clock } = host.context;
  const traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
  store.putTraffic('mnist', { traffic, setAt: clock.now() });
  sendHeartbeat(host.context);
  sendHeartbeat(host.context);
  expect(pending().count).toBe(1);
  host.world.now += DAY_MS;
  sendHeartbeat(host.reopen());
  expect(pending().count).toBe(2);
});

test('reports nothing when no repository takes reports', () => {
  host.close();
  host = openFakeHost();
  brake(host.context, 'r1');
  expect(pending().count).toBe(0);
});

test('a GitHub App’s key mints tokens for the repository alone, one per hour', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const seen: { readonly url: string; readonly body: string; readonly jwt: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const jwt = request.headers.authorization?.replace('Bearer ', '') ?? '';
    seen.push({ url: request.url ?? '', body: Buffer.concat(chunks).toString(), jwt });
    const token = { token: `minted-${seen.length}`, expires_at: '2026-01-01T01:00:00Z' };
    response.end(JSON.stringify(request.method === 'GET' ? { id: 7 } : token));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const tokens = createTokenSource({
    apiUrl: `http://127.0.0.1:${address.port}`,
    repository: 'acme/models',
    secret: 's',
    credential: {
      kind: 'app',
      appId: '42',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  });
  const start = Date.parse('2026-01-01T00:00:00Z');
  expect(await tokens(start)).toBe('minted-2');
  expect(await tokens(start + 50 * 60_000)).toBe('minted-2');
  expect(await tokens(start + 56 * 60_000)).toBe('minted-4');
  expect(seen.map(({ url }) => url).slice(0, 2)).toEqual([
    '/repos/acme/models/installation',
    '/app/installations/7/access_tokens',
  ]);
  expect(JSON.parse(seen[1]?.body ?? '')).toEqual({
    repositories: ['models'],
    permissions: { contents: 'write' },
  });
  const [head = '', claims = '', signature = ''] = seen[0]?.jwt.split('.') ?? [];
  expect(
    verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')),
  ).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: '42' });
  server.closeAllConnections();
  server.close();
});
