import { expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { championEvents, contextOf, versionEvents } from './support/deployment.ts';
import { answersOf, CHAMPION, createGateBench, HOLDOUT_DIGEST } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';

/** A bench whose champion, version 1, followed version 7, which was right on 990 rows of a thousand when it was judged. */
async function benchWithEarlier(stored: boolean) {
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
    const modelDigest = readChampion ? digestOf('model 7') : CHAMPION.modelDigest;
    const right = readChampion ? 990 : 950;
    readChampion = true;
    return { ...answersOf(right), modelDigest };
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

test('one whose predictions MLflow no longer holds is not', async () => {
  const { request, ports } = await benchWithEarlier(false);
  expect((await evaluateGate('both', request, ports)).headline).not.toContain('the best of the last year');
});
