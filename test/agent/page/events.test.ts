import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../../agent/agent.ts';
import { createApp } from '../../../agent/api/server.ts';
import type { App } from '../../../agent/http/call.ts';
import { agentStateSchema } from '../../../core/serving/api.ts';
import { askApp } from '../../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost } from '../support/fake-context.ts';
import { setScene } from './scenes.ts';

const HOUR_MS = 3_600_000;

let folder: string;
let tokensFile: string;
let host: FakeHost;
let app: App;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  tokensFile = join(folder, 'tokens');
  writeFileSync(tokensFile, `deployer ${TOKENS.deployer}\nreader ${TOKENS.reader}\n`, { mode: 0o600 });
  host = openFakeHost({ 'tokens-file': tokensFile });
  const { clock } = host.context;
  const { wait } = clock;
  // Time passes by short waits, and where a test says so; a long one ends once so much has passed.
  const waitLong = async (milliseconds: number, signal?: AbortSignal) => {
    const end = host.world.now + milliseconds;
    for (; host.world.now < end; await turn()) signal?.throwIfAborted();
  };
  Object.assign(clock, {
    wait: (milliseconds: number, signal?: AbortSignal) =>
      (milliseconds < HOUR_MS ? wait : waitLong)(milliseconds, signal),
  });
  app = createApp(createAgent(host.context));
});
afterEach(async () => {
  // Whoever still listens is sent away.
  host.world.now += 2 * HOUR_MS;
  await turn();
  host.close();
  rmSync(folder, { recursive: true });
});

const headers = { authorization: `Bearer ${TOKENS.reader}` };
const ask = (path: string, init: RequestInit = {}) => askApp(app, path, { headers, ...init });

const listen = async () => {
  const leave = new AbortController();
  const response = await ask('/v1/events', { signal: leave.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async () => (await reader?.read())?.value ?? '';
  return { response, read, leave: () => leave.abort() };
};

test('need a token', async () => {
  expect((await askApp(app, '/v1/events')).status).toBe(401);
});

test('hold what the other routes answer, at once and at each change; else a sign of life', async () => {
  await setScene(host, 'canary');
  const { response, read, leave } = await listen();
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const event = JSON.parse((await read()).replace(/^event: screen\ndata: /, ''));
  const state = agentStateSchema.parse(await (await ask('/v1/state')).json());
  expect({ ...event.state, disk: 0 }).toEqual({ ...state, disk: 0 });
  expect(event.outlooks.mnist).toEqual(await (await ask('/v1/models/mnist/outlook')).json());
  const stored = host.context.store.getTraffic('mnist');
  if (stored === undefined) throw new Error('There is traffic.');
  host.context.store.putTraffic('mnist', {
    ...stored,
    traffic: { ...stored.traffic, candidatePercent: 0, revision: 9 },
  });
  expect(await read()).toContain('"revision":9');
  leave();
});

test('are given to so many at a time, and who leaves makes room; HEAD takes none', async () => {
  for (let index = 0; index < 40; index += 1) await ask('/v1/events', { method: 'HEAD' });
  const listening = [];
  for (let index = 0; index < 32; index += 1) listening.push(await listen());
  for (const { response, read } of listening) {
    expect(response.status).toBe(200);
    expect(await read()).toContain('event: screen');
  }
  expect((await ask('/v1/events')).status).toBe(503);
  listening[0]?.leave();
  expect((await ask('/v1/events')).status).toBe(200);
  for (const { leave } of listening) leave();
});

test('end after an hour, so that nobody keeps a place who has gone without a word', async () => {
  await setScene(host, 'idle');
  const { read } = await listen();
  let last = await read();
  for (let signs = 0; last !== ''; signs += 1) {
    expect(signs).toBeLessThan(300);
    last = await read();
  }
  expect(host.world.now - Date.parse('2026-01-01T00:00:00Z')).toBeGreaterThanOrEqual(3_600_000);
});

test('end after an hour also where nobody reads on, and the places are free again', async () => {
  const paused = [];
  for (let index = 0; index < 32; index += 1) {
    const reader = (await ask('/v1/events')).body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    paused.push(reader);
  }
  host.world.now += HOUR_MS - 1_000;
  await turn();
  await turn();
  expect((await ask('/v1/events')).status).toBe(503);
  host.world.now += 1_000;
  await expect.poll(async () => (await ask('/v1/events')).status).toBe(200);
  for (const reader of paused) expect((await reader?.read())?.done).toBe(true);
});

test.each([
  ['end once the token that asked is dropped', '', { next: /^$/, status: 401 }],
  [
    'go on where the file of tokens changes and has it still',
    `reader ${TOKENS.reader}\n`,
    { next: /"revision":9/, status: 200 },
  ],
])('%s', async (_, rest, { next, status }) => {
  await setScene(host, 'idle');
  const { read, leave } = await listen();
  expect(await read()).toContain('event: screen');
  writeFileSync(tokensFile, `# changed\ndeployer ${TOKENS.deployer}\n${rest}`);
  // There is something to tell at once.
  const stored = host.context.store.getTraffic('mnist');
  if (stored === undefined) throw new Error('There is traffic.');
  host.context.store.putTraffic('mnist', { ...stored, traffic: { ...stored.traffic, revision: 9 } });
  expect(await read()).toMatch(next);
  expect((await ask('/v1/events')).status).toBe(status);
  leave();
});
