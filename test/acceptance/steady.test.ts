import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { environmentOf } from '../../core/ledger/state.ts';
import { ENVIRONMENT, type Lane, startLane } from '../../measure/kill/lane.ts';
import { releaseVersion } from '../../measure/kill/release-version.ts';
import { createRolloutJobs, startRollback } from '../../measure/kill/rollout-jobs.ts';
import { venvProgram } from '../../sandbox/checkout.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { startPacedClient } from '../../sandbox/traffic/steady-client.ts';
import type { Seen } from '../fleet/support/host-client.ts';
import { type Phase, renderPhases } from '../fleet/support/phases.ts';

const PER_SECOND = 50;
const TIMEOUT_MS = 600_000;
const WAIT_MS = 120_000;

/** Real agent, Envoy, TorchServe, MLflow and deploy bundle; three versions that all answer well. */
test('50 requests a second are all answered through start, canary, promotion, rollback and restarts of the agent', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-steady-'));
  const python = venvProgram('python');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  let lane: Lane | undefined;
  try {
    lane = await startLane(path.join(folder, 'lane'), 'steady', mlflow.url);
    await play(lane);
  } finally {
    await lane?.stop();
    await mlflow.child.stop();
    discard(folder);
  }
});

async function play(lane: Lane): Promise<void> {
  const champion = () =>
    environmentOf(readLedgerState(lane.remote, lane.model), ENVIRONMENT).champion?.version;
  const restartAgent = async () => {
    await lane.host.kill();
    await lane.host.start();
  };
  const begin = async () => createRolloutJobs(lane, await releaseVersion(lane, 'quick'), false).start();

  expect(await (await begin()).ended).toBe(0);
  const startedAt = performance.now();
  const client = startPacedClient(lane.predictions, PER_SECOND);
  const phases: Phase[] = [];
  let from: Seen = { answered: {}, failures: [] };
  const phase = (name: string) => {
    const to: Seen = { answered: { ...client.answered() }, failures: [...client.failures()] };
    phases.push({ name, from: [from], to: [to] });
    from = to;
  };

  const answers = (version: string, count: number) =>
    waitFor(
      () => (client.answered()[version] ?? 0) >= (from.answered[version] ?? 0) + count,
      `${count} answers of version ${version}`,
      WAIT_MS,
    );

  const second = await begin();
  await answers('2', 1);
  phase('version 2 is started');
  await restartAgent();
  expect(await second.ended).toBe(0);
  phase('canary and promotion; the agent is killed');
  expect(champion()).toBe('2');

  const third = await begin();
  await answers('3', 20);
  expect(await startRollback(lane, 'take-back').ended).toBe(0);
  expect(await third.ended).toBe(0);
  phase('version 3 is started and taken back');
  expect(champion()).toBe('2');

  expect(await startRollback(lane, 'return', '1').ended).toBe(0);
  await restartAgent();
  phase('rollback to version 1; the agent is killed');
  expect(champion()).toBe('1');

  await answers('1', 100);
  const seconds = (performance.now() - startedAt) / 1_000;
  await client.stop();
  phase('version 1 serves');
  const answered = Object.values(client.answered()).reduce((sum, count) => sum + count, 0);
  const rate = (answered + client.failures().length) / seconds;
  process.stdout.write(`\n${rate.toFixed(1)} requests a second\n${renderPhases(phases, 1)}\n`);
  expect(client.failures()).toEqual([]);
  expect(phases.map(({ from: [before], to: [after] }) => versionsOf(before, after))).toEqual([
    ['1', '2'],
    ['1', '2'],
    ['2', '3'],
    ['1', '2'],
    ['1'],
  ]);
}

/** Versions that answered between two looks. */
function versionsOf(before: Seen | undefined, after: Seen | undefined): readonly string[] {
  const grown = Object.entries(after?.answered ?? {}).filter(
    ([version, count]) => count > (before?.answered[version] ?? 0),
  );
  return grown.map(([version]) => version).toSorted();
}
