import { expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { StoredAnswers } from '../../adapters/read-answers.ts';
import { UserError } from '../../core/errors.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { championEvents, contextOf, versionEvents } from './support/deployment.ts';
import { answersOf, CHAMPION, createGateBench, HOLDOUT_DIGEST } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';

function ofSeven(answers: StoredAnswers): StoredAnswers {
  return { ...answers, modelDigest: digestOf('model 7') };
}

/** A bench whose champion, version 1, followed version 7, which was right on 990 rows of a thousand when it was judged. */
async function benchWithEarlier(stored: boolean, readEarlier = () => ofSeven(answersOf(990))) {
  const { world, request, ports } = await createGateBench(950, true);
  const verdict = { runId: 'run-1', verdict: 'pass', headline: 'pass.' } as const;
  const judged = {
    ...{ holdoutDigest: HOLDOUT_DIGEST, evidenceDigest: digestOf('e1') },
    ...{ champion: '7', championPredictions: digestOf('champion') },
  };
  world.ledger.events.splice(
    0,
    world.ledger.events.length,
    ...[...versionEvents('7'), ...championEvents('7'), ...versionEvents('1')],
    createEvent(contextOf('judge-1'), 'gate.judged', { ...verdict, ...judged }),
    ...championEvents('1', '7'),
  );
  const known = await world.tracking.getRun('run-1');
  world.tracking.runs.set('run-7', { ...known, runId: 'run-7' });
  const place = predictionsPath('models:/m-7', HOLDOUT_DIGEST, digestOf('champion'));
  if (stored) await world.tracking.uploadArtifact('run-7', place, '/tmp/champion.parquet');
  let readChampion = false;
  const readAnswers: typeof ports.readAnswers = async (file) => {
    if (file.includes('challenger')) return answersOf(950);
    if (readChampion) return readEarlier();
    readChampion = true;
    return { ...answersOf(950), modelDigest: CHAMPION.modelDigest };
  };
  const rule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.01 } as const;
  const config = { ...request.config, gate: [rule] };
  return { request: { ...request, config }, ports: { ...ports, readAnswers } };
}

test('a champion of the last year is compared with by the predictions that the ledger names', async () => {
  const { request, ports } = await benchWithEarlier(true);
  const outcome = await evaluateGate('both', request, ports);
  expect(outcome).toMatchObject({ decision: 'stop', outputs: { verdict: 'fail' } });
  expect(outcome.headline).toContain('champion v7, the best of the last year');
});

const unreadable = () => {
  const message = 'The predictions in /tmp/champion.parquet can’t be read: an old schema.';
  throw new UserError([{ code: 'unreadable-predictions', message, remedy: 'Predict again.' }]);
};

test.each([
  ['are read by another contract', () => answersOf(990, { classes: ['a', 'c'] }), 'read by another'],
  [
    'are of other examples',
    () => answersOf(990, { ids: Array.from({ length: 1000 }, (_, row) => `n${row}`) }),
    '1000 that the holdout does not have',
  ],
  ['are written by an old schema', unreadable, 'an old schema'],
])('one whose predictions %s is left out and named', async (_what, readEarlier, told) => {
  const { request, ports } = await benchWithEarlier(true, () => ofSeven(readEarlier()));
  const outcome = await evaluateGate('both', request, ports);
  expect(outcome.headline).not.toContain('the best of the last year');
  const shown = JSON.stringify(outcome.report);
  expect(shown).toContain('Not compared with v7 of the last year: ');
  expect(shown).toContain(told);
});

test('one whose predictions were made by another model is no anchor: somebody has changed them', async () => {
  const { request, ports } = await benchWithEarlier(true, () => answersOf(990));
  await expect(evaluateGate('both', request, ports)).rejects.toThrow('not by');
});

test('one whose predictions MLflow no longer holds is not', async () => {
  const { request, ports } = await benchWithEarlier(false);
  const { headline, report } = await evaluateGate('both', request, ports);
  expect(headline).not.toContain('the best of the last year');
  expect(JSON.stringify(report)).toContain(
    'Not compared with v7 of the last year: Run run-7 holds no predictions',
  );
});

test('a metric of the user’s own is not compared with an earlier champion: its code may have changed since', async () => {
  const profit = (value: number) => ({ rowMetrics: { profit: new Float64Array(1000).fill(value) } });
  const bench = await benchWithEarlier(true, () => ofSeven(answersOf(990, profit(1000))));
  const { readAnswers } = bench.ports;
  const readWithProfit: typeof readAnswers = async (file, rows) => {
    const stored = await readAnswers(file, rows);
    const rowMetrics = { ...profit(1).rowMetrics, ...stored.answers.rowMetrics };
    return { ...stored, answers: { ...stored.answers, rowMetrics } };
  };
  const rule = { kind: 'compare', metric: 'profit', require: 'non-inferior', margin: 0.01 } as const;
  const request = { ...bench.request, config: { ...bench.request.config, gate: [rule] } };
  const outcome = await evaluateGate('both', request, { ...bench.ports, readAnswers: readWithProfit });
  expect(outcome).toMatchObject({ outputs: { verdict: 'pass' } });
  expect(outcome.headline).not.toContain('the best of the last year');
});
