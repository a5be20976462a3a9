import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts } from '../../actions/evaluate-gate/gate-context.ts';
import type { ExplainPolicy } from '../../core/config/config.ts';
import type { Importances } from '../../core/gate/explain/explanation.ts';
import type { EvaluationRequest } from '../../core/python-port.ts';
import { CHAMPION, createGateBench, HOLDOUT_DIGEST } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const EXPLAIN: ExplainPolicy = { method: 'permutation', rows: 200, timeoutSeconds: 60 };

function explanation(income: number, rows = 200): Importances {
  const features = [{ name: 'income', value: income, spread: 0.01 }];
  return {
    ...{ asked: { method: 'permutation', rows, seconds: 60 }, seconds: 2, evaluationSeconds: 1 },
    ...{
      method: 'permutation',
      measure: 'accuracy',
      rows,
      of: 1000,
      values: 1,
      grid: null,
      rounds: 5,
      done: 1,
    },
    ...{ features, slices: [] },
  };
}

/** A bench whose models were explained when they were last asked, the champion on so many rows. */
async function openBench(championRows = 200) {
  const bench = await createGateBench(970, true);
  const asked: EvaluationRequest[] = [];
  const { python, readAnswers } = bench.ports;
  const explained = { challenger: explanation(0.2), champion: explanation(0.1, championRows) };
  const ports: GatePorts = {
    ...bench.ports,
    python: {
      ...python,
      evaluate: (request) => {
        asked.push(request);
        return python.evaluate(request);
      },
    },
    readAnswers: async (file, rows) => ({
      ...(await readAnswers(file, rows)),
      explanation: /run-9|challenger/.test(file) ? explained.challenger : explained.champion,
    }),
  };
  const models = { ...bench.request.config.models, explain: EXPLAIN };
  const request = { ...bench.request, config: { ...bench.request.config, models } };
  return { ...bench, request, ports, asked };
}

describe('what the answers hang on', () => {
  test('is asked of both models, and told, drawn and kept beside a verdict that it has no part in', async () => {
    const { world, request, ports, asked } = await openBench();
    const { report, outputs } = await evaluateGate('both', request, ports);
    expect(asked.map(({ explain }) => explain)).toEqual([EXPLAIN, EXPLAIN]);
    expect(outputs).toMatchObject({ verdict: 'pass' });
    const text = showReport(report);
    expect(text).toContain("What the challenger's answers hang on most: income (+20.0 pp)");
    expect(text).toContain('Most changed since the champion: income, from +10.0 pp to +20.0 pp.');
    expect(text).toContain('What the answers hang on (explanation.svg)');
    expect(world.tracking.artifacts.has('run-9/trainyard/explanation.json')).toBe(true);
    expect(world.tracking.artifacts.has('run-9/trainyard/pictures/explanation.svg')).toBe(true);
  });

  test('is asked of nobody unless the file says so', async () => {
    const { request, ports, asked, world } = await openBench();
    const { champion, environment } = request.config.models;
    const silent = { ...request, config: { ...request.config, models: { champion, environment } } };
    const { report } = await evaluateGate('both', silent, {
      ...ports,
      readAnswers: async (file, rows) => {
        const { explanation: _, ...answers } = await ports.readAnswers(file, rows);
        return answers;
      },
    });
    expect(asked.every((one) => !('explain' in one))).toBe(true);
    expect(showReport(report)).not.toContain('hang on');
    expect(world.tracking.artifacts.has('run-9/trainyard/explanation.json')).toBe(false);
  });

  test.each([
    ['are taken where they were explained as it is asked now', 200, 'already-predicted'],
    ['are not where they were explained otherwise: the champion is asked again', 100, 'predicted'],
  ] as const)('and kept predictions %s', async (_, rows, reasonCode) => {
    const { request, ports } = await openBench(rows);
    await evaluateGate('predict-champion', request, ports);
    const predictions = {
      ...{ holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('champion'), box: 'user' as const },
    };
    const champion = { version: '1', ...CHAMPION, predictions };
    const again = { ...request, plan: { ...request.plan, champion } };
    expect((await evaluateGate('predict-champion', again, ports)).reasonCode).toBe(reasonCode);
    const models = { ...request.config.models, champion: 'stored' as const };
    const stored = { ...again, config: { ...request.config, models } };
    expect((await evaluateGate('predict-champion', stored, ports)).reasonCode).toBe('already-predicted');
  });
});
