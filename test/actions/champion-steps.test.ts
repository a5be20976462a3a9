import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts } from '../../actions/evaluate-gate/gate-context.ts';
import type { ServingInput } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import type { EvaluationRequest } from '../../core/python-port.ts';
import { CHAMPION, createGateBench, HOLDOUT_DIGEST } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';

const OWN: ServingInput = {
  ...{ kind: 'image', size: [28, 28], mode: 'L', scale: 1 / 255, mean: [0], std: [1] },
  ...{ layout: 'HW', interpolation: 'bilinear' },
};
/** What the challenger takes: the same shape, and other numbers. */
const NEW: ServingInput = { ...OWN, mean: [0.5], std: [0.5] };
const OLDER = digestOf('an older holdout');

/** A bench whose champion passed its own gate on another holdout, by these steps where its predictions there say some. */
async function openBench(steps: ServingInput | undefined, predictions = digestOf('champion')) {
  const bench = await createGateBench(970, true);
  const asked: EvaluationRequest[] = [];
  const stored = predictionsPath(CHAMPION.modelUri, OLDER, digestOf('champion'));
  await bench.ports.tracking.uploadArtifact(CHAMPION.runId, stored, 'kept.parquet');
  const ports: GatePorts = {
    ...bench.ports,
    readSteps: async () => steps,
    python: {
      ...bench.ports.python,
      evaluate: async (request) => {
        asked.push(request);
        if (request.input !== undefined) return bench.ports.python.evaluate(request);
        const problem = { code: 'holdout-without-steps', message: 'Pictures.', remedy: 'Declare them.' };
        throw new UserError([problem]);
      },
    },
  };
  const serving = { ...bench.request.config.serving, input: NEW };
  const config = { ...bench.request.config, serving };
  const ownGate = { holdoutDigest: OLDER, predictions };
  const plan = { ...bench.request.plan, champion: { version: '1', ...CHAMPION, ownGate } };
  return { ...bench, ports, asked, request: { ...bench.request, config, plan } };
}

const REFUSED = { problems: [{ code: 'champion-other-steps' }] };

describe('a champion that is asked anew', () => {
  test('takes pictures by the steps of its own gate, and the challenger by those of serving.input', async () => {
    const { request, ports, asked } = await openBench(OWN);
    await evaluateGate('predict-champion', request, ports);
    await evaluateGate('predict', request, ports);
    expect(asked.map(({ input }) => input)).toEqual([OWN, NEW]);
  });

  test('is refused by name where its steps are not known, and never asked by the challenger’s', async () => {
    const { request, ports, asked } = await openBench(undefined);
    await expect(evaluateGate('predict-champion', request, ports)).rejects.toMatchObject(REFUSED);
    expect(asked.map(({ input }) => input)).toEqual([undefined]);
  });

  test.each([
    ['others by now', { hashFile: async () => digestOf('planted') }, undefined],
    ['gone', {}, digestOf('gone')],
    ['unreadable', { readSteps: () => Promise.reject(new Error('no Parquet')) }, undefined],
  ])('is refused where the predictions of its own gate are %s', async (_what, changed, predictions) => {
    const { request, ports } = await openBench(OWN, predictions);
    const told = evaluateGate('predict-champion', request, { ...ports, ...changed });
    await expect(told).rejects.toMatchObject(REFUSED);
  });

  test('for its explanation is asked by its own steps too', async () => {
    const { request, ports, asked } = await openBench(OWN);
    await evaluateGate('predict-champion', request, ports);
    asked.length = 0;
    const predictions = { holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('champion'), box: 'user' as const };
    const plan = { ...request.plan, champion: { ...request.plan.champion, predictions } };
    const explain = { method: 'permutation', rows: 200, timeoutSeconds: 60 } as const;
    const config = { ...request.config, models: { ...request.config.models, explain } };
    const outcome = await evaluateGate('predict-champion', { ...request, plan, config }, ports);
    expect(outcome.reasonCode).toBe('already-predicted');
    expect(asked.map(({ input }) => input)).toEqual([OWN]);
  });
});
