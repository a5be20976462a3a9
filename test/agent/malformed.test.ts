import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { writeApi } from '../../agent/api/openapi.ts';
import { createApp } from '../../agent/api/server.ts';
import type { App } from '../../agent/http/call.ts';
import { ROLES } from '../../core/serving/route.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { setScene } from './page/scenes.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';
import { createJudge, type Malformed, malformed, ROUTE_NAMES } from './support/malformed.ts';

/** So few that a push waits for seconds: a thousand of each are sent to the built agent by `npm run test:fuzz`. */
const REQUESTS = 50;
const SEED = 1;
const KNOWN = { model: 'mnist', version: '7', digest: `sha256:${'1'.repeat(64)}` };

let host: FakeHost;
let app: App;
beforeEach(async () => {
  host = openFakeHost({});
  await setScene(host, 'canary');
  app = createApp(createAgent(host.context));
});
afterEach(() => host.close());

const judge = createJudge(JSON.parse(writeApi()));

test.each(ROUTE_NAMES)('malformed requests of %s are refused as described, and none fails', async (name) => {
  const drawn = fc.sample(malformed(name, KNOWN, [...ROLES, 'deployer', 'none']), {
    numRuns: REQUESTS,
    seed: SEED,
  });
  for (const request of drawn) {
    const fault = judge(name, await ask(request));
    expect(fault, JSON.stringify({ ...request, body: String(request.body).slice(0, 300) })).toBeUndefined();
  }
  expect(host.world.log.filter((line) => line.startsWith('warning: GET') || line.includes('failed'))).toEqual(
    [],
  );
});

async function ask({ path, body, ...rest }: Malformed) {
  const response = await askApp(app, `http://localhost${path}`, {
    ...rest,
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return { status: response.status, type, text: '' };
  }
  const isPacked = response.headers.get('content-encoding') === 'gzip';
  const stream = isPacked ? response.body?.pipeThrough(new DecompressionStream('gzip')) : response.body;
  return { status: response.status, type, text: await new Response(stream ?? null).text() };
}
