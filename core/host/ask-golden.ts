import { z } from 'zod';
import { goldenSchema } from '../drift/golden/golden.ts';
import { compareGolden } from '../drift/golden/golden-replay.ts';
import { PIN_HEADER } from '../names.ts';
import type { Verdict } from '../verdict.ts';
import { HOST_LAYOUT } from './layout.ts';

/** What a host said of one model that it serves. */
const askedSchema = z.object({
  model: z.string(),
  version: z.string(),
  /** Whether it is served with GPUs. */
  gpu: z.enum(['none', 'all']),
  /** The first stored example of its package; absent where it has none. */
  golden: goldenSchema.optional(),
  /** HTTP status and the predictions of the answer. */
  status: z.number().optional(),
  predictions: z.unknown().optional(),
});

/** Whether the stable version of a model answered through the proxy what its package says. */
type Asked = {
  readonly model: string;
  readonly version: string;
  readonly verdict: Verdict;
  readonly told: string;
};

/**
 * A program for the host's Node: asks the stable version of each model, through the proxy as clients do, for the first example that
 * its package holds, and writes a line of JSON for each. The version is pinned, so that none of it is evidence.
 */
export function askGoldenScript(dataPlane: string): string {
  return `
import { readFileSync, writeSync } from 'node:fs';
import { request } from 'node:http';
const data = ${JSON.stringify(HOST_LAYOUT.data)};
const state = await new Promise((take, refuse) => {
  const asked = request({ socketPath: data + '/agent.sock', path: '/v1/state' }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => (text += part)).once('end', () => take(JSON.parse(text)));
  });
  asked.once('error', refuse).end();
});
const tell = (what) => writeSync(1, JSON.stringify(what) + '\\n');
const blob = (digest) => JSON.parse(readFileSync(data + '/packages/' + digest.replace('sha256:', ''), 'utf8'));
for (const [model, { stable: version }] of Object.entries(state.traffic)) {
  const instance = state.instances.find((one) => one.model === model && one.version === version && one.state === 'ready');
  if (instance === undefined) continue;
  const manifest = blob(instance.package.split('@')[1]);
  const { gpu } = manifest.serving;
  if (manifest.golden === undefined) {
    tell({ model, version, gpu });
    continue;
  }
  const golden = blob(manifest.golden.digest);
  golden.examples.length = 1;
  const answer = await fetch(${JSON.stringify(`http://${dataPlane}/predictions/`)} + model, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ${JSON.stringify(PIN_HEADER)}: version },
    body: JSON.stringify(golden.examples[0].inputs),
    signal: AbortSignal.timeout(30000),
  });
  const text = await answer.text();
  const predictions = answer.status === 200 ? JSON.parse(text).predictions : text.slice(0, 200);
  tell({ model, version, gpu, golden, status: answer.status, predictions });
}
`;
}

/** Reads what that program wrote. */
export function readAsked(lines: readonly string[]): readonly Asked[] {
  return lines.map((line) => {
    const { model, version, gpu, golden, status, predictions } = askedSchema.parse(JSON.parse(line));
    const of = { model, version };
    if (golden === undefined)
      return { ...of, verdict: 'inconclusive', told: 'its package holds no example to ask it for' };
    if (status !== 200)
      return { ...of, verdict: 'fail', told: `it answered ${status}: ${String(predictions)}` };
    const { verdict, reason } = compareGolden(golden, [predictions], gpu);
    return { ...of, verdict, told: reason.message };
  });
}

/** Where processes of the host itself reach its data plane. */
export function ownDataPlane(dataPlane: string): string {
  return dataPlane.replace(/^(?:0\.0\.0\.0|\[::\]):/, '127.0.0.1:');
}
