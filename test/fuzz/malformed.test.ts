import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLES } from '../../core/serving/route.ts';
import type { RunningAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { MODEL } from '../agent/support/deploy.ts';
import {
  type ApiAnswer,
  createJudge,
  type Malformed,
  malformed,
  ROUTE_NAMES,
} from '../agent/support/malformed.ts';
import { predict, startFuzzedHost, VERSIONS } from './support/fuzzed-host.ts';

const REQUESTS = 1_000;
const SEED = 1;
/** Who bears no token waits after thirty in a minute, by address: each of these comes from another one. */
const PER_ADDRESS = 25;

describe.skipIf(!HAS_TOOLCHAIN)('the built agent', () => {
  const connections = new Agent({ keepAlive: true });
  let agent: RunningAgent;
  let judge: ReturnType<typeof createJudge>;
  let strangers = 0;
  let digest = '';
  beforeAll(async () => {
    agent = await startFuzzedHost({ 'window-seconds': '1' });
    judge = createJudge(await (await fetch(`${agent.url}/openapi.json`)).json());
    const instance = await agent.client.getInstance(MODEL, VERSIONS.stable);
    digest = instance?.package.split('@').at(-1) ?? '';
  });
  afterAll(async () => {
    connections.destroy();
    await agent?.down();
  });

  function ask({ method, path, headers, body }: Malformed): Promise<ApiAnswer> {
    const isStranger = headers['authorization'] === undefined;
    const number = isStranger ? Math.floor(strangers++ / PER_ADDRESS) : 0;
    const localAddress = `127.9.${Math.floor(number / 200)}.${1 + (number % 200)}`;
    return new Promise((resolve, reject) => {
      const outgoing = request(`${agent.url}${path}`, {
        ...{ method, headers: { ...headers, 'content-length': body?.byteLength ?? 0 } },
        ...(isStranger ? { localAddress, agent: false } : { agent: connections }),
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => readAnswer(incoming).then(resolve, reject));
      outgoing.end(body);
    });
  }

  test.each(ROUTE_NAMES)('refuses malformed requests of %s as described, and fails at none', async (name) => {
    const drawn = fc.sample(
      malformed(name, { model: MODEL, version: VERSIONS.stable, digest }, [...ROLES, 'deployer', 'none']),
      { numRuns: REQUESTS, seed: SEED },
    );
    const statuses: Record<string, number> = {};
    for (const sent of drawn) {
      const answered = await ask(sent);
      statuses[answered.status] = (statuses[answered.status] ?? 0) + 1;
      const shown = JSON.stringify({ ...sent, body: String(sent.body).slice(0, 300) });
      expect(judge(name, answered), shown).toBeUndefined();
    }
    console.log(name, JSON.stringify(statuses));
  });

  test('has logged no failure of its own, and serves', async () => {
    expect(agent.log()).not.toMatch(/^warning: (GET|PUT|POST|DELETE) \//m);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    await predict(agent);
  });
});

async function readAnswer(incoming: IncomingMessage): Promise<ApiAnswer> {
  const type = incoming.headers['content-type'] ?? '';
  const status = incoming.statusCode ?? 0;
  if (type.startsWith('text/event-stream')) {
    incoming.destroy();
    return { status, type, text: '' };
  }
  const isPacked = incoming.headers['content-encoding'] === 'gzip';
  return { status, type, text: await text(isPacked ? incoming.pipe(createGunzip()) : incoming) };
}
