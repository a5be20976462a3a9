import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ROUTES } from '../../core/serving/routes.ts';
import { type RunningAgent, TOKENS } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';
import { MODEL } from '../agent/support/deploy.ts';
import { predict, startFuzzedHost, VERSIONS } from './support/fuzzed-host.ts';

/** So many malformed requests are sent on each route: to draw one takes longer than to answer it. */
const REQUESTS = 1_000;
const SEED = 1;
const PROGRAM = path.join(import.meta.dirname, 'support', 'fuzz_api.py');

const reportSchema = z.record(
  z.string(),
  z.object({
    malformed: z.number(),
    answered: z.record(z.string(), z.number()),
    findings: z.record(z.string(), z.array(z.string())),
  }),
);

describe.skipIf(!HAS_TOOLCHAIN)('the built agent, asked by schemathesis what its description refuses', () => {
  let agent: RunningAgent;
  let told: z.infer<typeof reportSchema>;
  beforeAll(async () => {
    agent = await startFuzzedHost({ 'window-seconds': '1' });
    told = await fuzz(agent);
    for (const [route, { malformed, answered }] of Object.entries(told))
      console.log(`${route}: ${malformed} malformed; ${JSON.stringify(answered)}`);
  }, 7_200_000);
  afterAll(() => agent?.down());

  test.each(Object.values(ROUTES))(
    '$method $path gives no error of its own, and no status or body that is not described',
    ({ method, path: route }) => {
      const { malformed, findings } = told[`${method} ${route}`] ?? { malformed: 0, findings: {} };
      expect(malformed).toBeGreaterThanOrEqual(REQUESTS);
      expect(findings).toEqual({});
    },
  );

  test('has logged no failure of its own, and serves', async () => {
    expect(agent.log()).not.toMatch(/^warning: (GET|PUT|POST|DELETE) /m);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    await predict(agent);
  });
});

async function fuzz({ url, client }: RunningAgent): Promise<z.infer<typeof reportSchema>> {
  const instance = await client.getInstance(MODEL, VERSIONS.stable);
  const digest = instance?.package.split('@').at(-1);
  const { stdout } = await promisify(execFile)(
    PYTHON,
    [
      ...[PROGRAM, '--url', url, '--requests', String(REQUESTS), '--seed', String(SEED)],
      ...['--tokens', JSON.stringify(TOKENS)],
      ...['--known', JSON.stringify({ model: MODEL, version: VERSIONS.stable, digest })],
    ],
    { maxBuffer: 64 * 2 ** 20 },
  );
  return reportSchema.parse(JSON.parse(stdout));
}
