import { expect, test } from 'vitest';
import { environmentOf } from '../../core/ledger/state.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf } from '../../sandbox/runner/workflow-run.ts';
import { startPacedClient } from '../../sandbox/traffic/steady-client.ts';
import { ENVIRONMENT, inScene, MODEL, type Scene, tell } from './support/doubler.ts';

const PER_SECOND = 20;
/** What is promised: from the comment to the last request that the candidate answers, in s. */
const PROMISED_SECONDS = 60;
const WAIT_MS = 300_000;
const TIMEOUT_MS = 900_000;

test(
  'with one runner a rollback acts in time while a job stays with the rollout',
  {
    timeout: TIMEOUT_MS,
  },
  () => inScene({ hosts: ['serve-1'], parallel: 1 }, play),
);

async function play({ sandbox, hosts: [host], stops, say, release }: Scene): Promise<void> {
  await release();
  const first = say('/deploy v1');
  await sandbox.finished(first);
  expect(outputOf(first, 'deploy', 'outcome'), tell(first)).toBe('promoted');
  await release();
  const client = startPacedClient(`${host?.dataPlane}/predictions/${MODEL}`, PER_SECOND);
  stops.push(client.stop);
  const rollout = say('/deploy v2');
  const serves = () => (client.answered()['2'] ?? 0) >= PER_SECOND;
  await waitFor(() => rollout.status === 'completed' || serves(), 'the candidate to serve', WAIT_MS);
  expect(rollout.status, tell(rollout)).toBe('running');

  const saidAt = Date.now();
  const rollback = say('/rollback');
  expect(rollback.status).toBe('queued');
  await Promise.all([rollback, rollout].map(sandbox.finished));
  const before = client.answered()['1'] ?? 0;
  await waitFor(() => (client.answered()['1'] ?? 0) > before + 5 * PER_SECOND, 'the champion alone', WAIT_MS);
  await client.stop();

  const seconds = ((client.lastAnswers()['2'] ?? Infinity) - saidAt) / 1_000;
  process.stdout.write(`\nthe candidate's last answer came ${seconds.toFixed(1)} s after the comment\n`);
  expect(outputOf(rollout, 'deploy', 'reason-code'), tell(rollout)).toBe('detached');
  expect(outputOf(rollback, 'take-back', 'outcome'), tell(rollback)).toBe('rolled-back');
  expect(seconds).toBeLessThanOrEqual(PROMISED_SECONDS);
  const here = environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT);
  expect([here.champion?.version, here.rollout]).toEqual(['1', undefined]);
  expect(client.failures()).toEqual([]);
}
