import { expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { optional } from '../../core/config/optional.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { ok } from '../../core/result.ts';
import { createGateBench, TRAINING } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const RULE = { kind: 'mlflow', metric: 'revenue', minAbsoluteChange: 0.01, greaterIsBetter: true } as const;

/** A gate on a metric that both runs logged: 0.8 by the challenger, and 0.1 by the champion as MLflow says today. */
async function judgeLogged(fixed: Readonly<Record<string, number>> | undefined) {
  const bench = await createGateBench(970, true);
  const { world, ports } = bench;
  const run = await world.tracking.getRun('run-1');
  world.tracking.runs.set('run-1', { ...run, metrics: { revenue: 0.1 } });
  const { author, config } = bench.request;
  const judge = (id: string, metrics: typeof fixed) => {
    const digests = { holdoutDigest: digestOf('h'), evidenceDigest: digestOf(id) };
    const data = { runId: 'run-1', verdict: 'pass' as const, headline: 'Good.', ...digests };
    return createEvent(
      { ...author, at: world.clock.now() },
      'gate.judged',
      { ...data, ...optional('metrics', metrics) },
      id,
    );
  };
  // Judged again by other rules, it is worth no less.
  const written = await world.ledger.append('mnist', () =>
    ok([judge('first', fixed), judge('again', undefined)]),
  );
  expect(written.ok).toBe(true);
  const training = JSON.stringify({ ...TRAINING, metrics: { revenue: 0.8, loss: 0.1 } });
  const request = { ...bench.request, training, config: { ...config, gate: [RULE] } };
  return { world, outcome: await evaluateGate('both', request, ports) };
}

test('a champion is worth what it was judged by, whatever its run says by now', async () => {
  expect((await judgeLogged({ revenue: 0.9 })).outcome.reasonCode).toBe('gate-failed');
  expect((await judgeLogged(undefined)).outcome.reasonCode).toBe('gate-passed');
});

test('what a rule took from the run of the challenger is fixed with the verdict, and marked in the report', async () => {
  const { world, outcome } = await judgeLogged(undefined);
  expect(world.ledger.events.findLast(({ kind }) => kind === 'gate.judged')?.data).toMatchObject({
    runId: 'run-9',
    metrics: { revenue: 0.8 },
  });
  expect(world.ledger.events.at(-1)?.data).not.toHaveProperty('metrics.loss');
  expect(showReport(outcome.report)).toContain('as the run says');
});
