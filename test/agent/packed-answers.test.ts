import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { windowsSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { windowOf } from '../core/drift/drift-data.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
  const { store } = host.context;
  store.transaction(() => {
    for (let day = 0; day < 60; day += 1) {
      const { seq: _seq, hostId: _hostId, ...window } = windowOf(day, { n: 2_000 });
      store.windows.add(window);
    }
  });
});
afterEach(() => host.close());

async function ask(path: string, encoding?: string) {
  const app = createApp(createAgent(host.context));
  const response = await askApp(app, path, {
    headers: {
      authorization: `Bearer ${TOKENS.reader}`,
      ...(encoding !== undefined && { 'accept-encoding': encoding }),
    },
  });
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('vary')).toBe('accept-encoding');
  return {
    packed: response.headers.get('content-encoding'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const WINDOWS = '/v1/models/demo/windows?after=0';

test('an answer of many counts is packed for whoever takes that, and says the same', async () => {
  const [plain, packed] = [await ask(WINDOWS), await ask(WINDOWS, 'br, gzip, deflate')];
  expect(plain.packed).toBeNull();
  expect(packed.packed).toBe('gzip');
  expect(windowsSchema.parse(JSON.parse(plain.bytes.toString())).windows).toHaveLength(60);
  expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
  expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4);
});

test.each(['identity', 'gzip;q=0', 'br'])('nobody gets what they do not take: %s', async (encoding) => {
  expect((await ask(WINDOWS, encoding)).packed).toBeNull();
});

test('a short answer is sent as it is', async () => {
  expect((await ask('/v1/state', 'gzip')).packed).toBeNull();
});
