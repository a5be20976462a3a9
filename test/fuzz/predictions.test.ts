import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildVersions, deploy, MODEL } from '../../measure/bench/serving/world.ts';
import { THIS_MACHINE } from '../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { spoiltBodies } from '../agent/support/malformed.ts';

const REQUESTS = 1_000;
const SEED = 1;
const AT_ONCE = 8;
const ROW = { a: 0.1, b: 0.4, c: 0.2, d: 0.9 };
const PATHS: readonly (readonly [string, string, object])[] = [
  ['MLflow', `/predictions/${MODEL}`, { dataframe_records: [ROW], params: {} }],
  [
    'MLflow',
    `/invocations/${MODEL}`,
    { dataframe_split: { columns: Object.keys(ROW), data: [Object.values(ROW)] } },
  ],
  [
    'Open Inference',
    `/v2/models/${MODEL}/infer`,
    {
      id: 'x',
      inputs: Object.entries(ROW).map(([name, value]) => ({
        ...{ name, shape: [1], datatype: 'FP64', data: [value], parameters: {} },
      })),
    },
  ],
];

/** Real Envoy, TorchServe and handler, with a model that MLflow logged. */
describe.skipIf(!HAS_TOOLCHAIN)('predictions', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-fuzz-'));
  let agent: RunningAgent;
  beforeAll(async () => {
    const [stable] = await buildVersions(folder, 'sleepy_model.py');
    if (stable === undefined) throw new Error('no package was built');
    agent = await startAgent({}, { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' });
    await deploy(agent, '1', stable);
    await agent.client.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
  });
  afterAll(async () => {
    await agent?.down();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(PATHS)('by %s at %s blame no malformed body on the model', async (_, target, body) => {
    const url = new URL(target, agent.predictions);
    const types = fc.constantFrom(
      'application/json',
      'text/plain',
      'application/octet-stream',
      'text/csv',
      'x',
    );
    const drawn = fc.sample(fc.record({ sent: spoiltBodies(body), type: types }), {
      numRuns: REQUESTS,
      seed: SEED,
    });
    const statuses: Record<string, number> = {};
    const ask = async ({ sent, type }: (typeof drawn)[number]) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Buffer.from(sent),
      });
      const said = await answer.text();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      const shown = `${type} ${String(Buffer.from(sent)).slice(0, 300)} ${answer.status} ${said.slice(0, 300)}`;
      expect(answer.status, shown).toBeLessThan(500);
    };
    for (let begun = 0; begun < drawn.length; begun += AT_ONCE)
      await Promise.all(drawn.slice(begun, begun + AT_ONCE).map(ask));
    console.log(target, JSON.stringify(statuses));
    const whole = await fetch(url, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    });
    expect(whole.status, await whole.text()).toBe(200);
  });
});
