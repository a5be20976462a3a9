import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildVersions, deploy, MODEL } from '../../measure/bench/serving/world.ts';
import { THIS_MACHINE } from '../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { ROOT, STATE_DIR } from '../../sandbox/checkout.ts';
import { installWheels } from '../../sandbox/machine/install-wheels.ts';

/** What these tests install for themselves, in an environment of its own. */
const CLIENTS = ['tritonclient[http]==2.73.0', 'mlserver==1.7.1'];
const installed = installWheels(path.join(STATE_DIR, 'clients'), CLIENTS);
const missing = 'missing' in installed ? installed.missing : undefined;
const [OF_TABLE, OF_TENSOR] = ['1', '2'];

const numbers = z.array(z.array(z.number()));
const heardSchema = z.object({
  rows: numbers,
  live: z.boolean(),
  ready: z.boolean(),
  modelReady: z.boolean(),
  server: z.string(),
  model: z.object({
    name: z.string(),
    inputs: z.array(z.object({ datatype: z.string(), shape: z.array(z.number()) })),
  }),
  binary: numbers,
  json: numbers,
  packed: numbers,
  columns: z.array(z.number()),
  numpy: numbers,
  pandas: z.array(z.number()),
});

/** The clients of others, through the real proxy, TorchServe and handler, to models that MLflow logged. */
describe.skipIf(missing !== undefined)(`clients of Triton and MLServer${missing ?? ''}`, () => {
  const folder = mkdtempSync(path.join(STATE_DIR, 'peers-'));
  let agent: RunningAgent;
  let heard: z.infer<typeof heardSchema>;
  let expected: readonly (readonly number[])[];
  beforeAll(async () => {
    agent = await startAgent({}, { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' });
    const places = ['table', 'tensor'].map((name) => path.join(folder, name));
    for (const place of places) mkdirSync(place);
    const [table, tensor] = [
      (await buildVersions(places[0] ?? '', 'sleepy_model.py')).find(({ version }) => version === OF_TABLE),
      (await buildVersions(places[1] ?? '', 'torch_model.py')).find(({ version }) => version === OF_TENSOR),
    ];
    if (table === undefined || tensor === undefined) throw new Error('no package was built');
    await deploy(agent, OF_TABLE, table);
    await deploy(agent, OF_TENSOR, tensor);
    await agent.client.setTraffic(MODEL, { stable: OF_TABLE, candidatePercent: 0, shadow: false }, undefined);
    const address = new URL(agent.predictions).host;
    const python = path.join('bin' in installed ? installed.bin : '', 'python');
    const script = path.join(ROOT, 'test', 'clients', 'ask_by_peers.py');
    const said = execFileSync(python, [script, address, MODEL, OF_TABLE, OF_TENSOR], { encoding: 'utf8' });
    heard = heardSchema.parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
    expected = await askByMlflow(heard.rows);
  });
  afterAll(async () => {
    await agent?.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const askByMlflow = async (rows: z.infer<typeof numbers>) => {
    const answer = await fetch(agent.predictions.replace('doubler', MODEL), {
      method: 'POST',
      body: JSON.stringify({ inputs: rows }),
      headers: { 'content-type': 'application/json', 'x-trainyard-pin': OF_TENSOR },
    });
    return z.object({ predictions: numbers }).parse(await answer.json()).predictions;
  };

  test('find a server and a model that are ready, and what the model takes', () => {
    expect(heard).toMatchObject({ live: true, ready: true, modelReady: true, server: 'trainyard' });
    expect(heard.model).toMatchObject({ name: MODEL, inputs: [{ datatype: 'FP32', shape: [-1, 16] }] });
  });

  test('are answered a tensor as bytes and as JSON what MLflow’s protocol is answered', () => {
    expect(expected).toHaveLength(3);
    for (const answers of [heard.binary, heard.json, heard.numpy]) {
      expect(answers.map((row) => row.map(Math.fround))).toEqual(expected.map((row) => row.map(Math.fround)));
    }
  });

  test('are answered a table by its columns', () => {
    expect(heard.columns).toEqual([1, 0]);
    expect(heard.pandas).toEqual([1, 0]);
  });

  test('are answered what they pack as what they do not', () => {
    expect(heard.packed).toEqual(heard.binary);
  });
});
