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
  const { python } = bench.ports;
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
    readExplanation: async (file) =>
      /run-9|challenger/.test(file) ? explained.challenger : explained.champion,
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
    const { report } = await evaluateGate('both', silent, ports);
    expect(asked.every((one) => !('explain' in one))).toBe(true);
    expect(showReport(report)).not.toContain('hang on');
    expect(world.tracking.artifacts.has('run-9/trainyard/explanation.json')).toBe(false);
  });

  test('can not be read, and the report says so: the verdict is the same', async () => {
    const { request, ports } = await openBench();
    const readExplanation = () => Promise.reject(new Error('too long'));
    const { report, outputs } = await evaluateGate('both', request, { ...ports, readExplanation });
    expect(outputs).toMatchObject({ verdict: 'pass' });
    expect(showReport(report)).toContain(
      "What the challenger's answers hang on is not shown: no explanation came that can be read",
    );
  });

  test('is another one than the job vouches for, and is not shown', async () => {
    const { request, ports } = await openBench();
    const hashFile: GatePorts['hashFile'] = async (file) =>
      /-explanation/.test(file) ? digestOf('planted') : ports.hashFile(file);
    const { report } = await evaluateGate('both', request, { ...ports, hashFile });
    expect(showReport(report)).not.toContain('hang on most');
  });

  describe('of a champion that is judged by its kept predictions', () => {
    const open = async (champion: 'predict' | 'stored' = 'predict') => {
      const bench = await openBench();
      await evaluateGate('predict-champion', bench.request, bench.ports);
      bench.asked.length = 0;
      const predictions = {
        ...{ holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('champion'), box: 'user' as const },
      };
      const plan = { ...bench.request.plan, champion: { version: '1', ...CHAMPION, predictions } };
      const models = { ...bench.request.config.models, champion };
      const config = { ...bench.request.config, models };
      return { ...bench, request: { ...bench.request, plan, config } };
    };
    // Whatever it says when it is asked again is not what it was judged by.
    const saysOtherwise = (ports: GatePorts): GatePorts => ({
      ...ports,
      hashFile: async (file) =>
        /predictions-of-run-1\b/.test(file) ? digestOf('said anew') : ports.hashFile(file),
    });

    test('is asked apart, and nothing else of what it says then is taken', async () => {
      const { request, ports, asked, world } = await open();
      const before = [...world.tracking.artifacts.keys()].filter((key) => key.includes('/predictions/'));
      const again = await evaluateGate('predict-champion', request, saysOtherwise(ports));
      expect(again).toMatchObject({
        reasonCode: 'already-predicted',
        outputs: { predictions: digestOf('champion'), explanation: digestOf('champion'), box: 'user' },
      });
      expect(asked.map(({ explain }) => explain)).toEqual([EXPLAIN]);
      expect([...world.tracking.artifacts.keys()].filter((key) => key.includes('/predictions/'))).toEqual(
        before,
      );
    });

    test('fails nothing where it can not be had, and the report says so', async () => {
      const { request, ports } = await open();
      const python: GatePorts['python'] = {
        ...ports.python,
        evaluate: (wanted) =>
          wanted.targets[0]?.modelUri === CHAMPION.modelUri
            ? Promise.reject(new Error('its environment is gone'))
            : ports.python.evaluate(wanted),
      };
      const { report, outputs } = await evaluateGate('both', request, { ...ports, python });
      expect(outputs).toMatchObject({ verdict: 'pass' });
      expect(showReport(report)).toMatch(
        /champion's answers hang on does not stand beside it: no explanation came/,
      );
    });

    test('is not asked where it is stored, and the report says so', async () => {
      const { request, ports, asked } = await open('stored');
      const { report } = await evaluateGate('both', request, ports);
      expect(asked.map(({ targets }) => targets[0]?.modelUri)).toEqual(['models:/m-9']);
      expect(showReport(report)).toContain('it is not asked (models.champion: stored).');
    });
  });
});
