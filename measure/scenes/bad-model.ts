import { environmentOf } from '../../core/ledger/state.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf } from '../../sandbox/runner/workflow-run.ts';
import type { SteadyTraffic } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import { championOf } from './retrain-by-comment.ts';
import { checkRun, type Say, type SceneResult } from './scene.ts';
import { ENVIRONMENT, MODEL, type World, WRITER } from './world.ts';

const BUILT_MS = 300_000;
/** Digits per request: with an odd number above one the two-lane model fails. */
const PAIRS = [6];
const POSTCODES = [1, 3, 2, 5];

/** A candidate that fails on some requests, which no test before the canary sees, is taken back there, or before if it is slow. */
export async function playBadModel(world: World, traffic: SteadyTraffic, say: Say): Promise<SceneResult> {
  const { sandbox } = world;
  const champion = championOf(world);
  traffic.setSizes(PAIRS);
  const pull = sandbox.openPullRequest({
    user: WRITER,
    branch: 'two-lanes',
    title: 'Answer requests of several digits in two lanes',
    files: { 'lanes.txt': 'Twice as fast.\n' },
  });
  const command = '/train variant=two-lane epochs=6 seed=3';
  say(`${WRITER} comments ${command}: it passes offline, and fails on odd numbers of digits`);
  const [run] = sandbox.comment(WRITER, pull.number, command);
  if (run === undefined) throw new Error('the comment started no workflow');
  const comesTo = (what: string, percent: number) =>
    waitFor(() => run.status === 'completed' || percentOf(world) >= percent, what, BUILT_MS);
  await comesTo('the rollout of the candidate', 0);
  traffic.reset();
  await comesTo('the candidate to take traffic', 1);
  say('the candidate takes its first traffic, and clients send whole postcodes');
  traffic.setSizes(POSTCODES);
  await followRun(sandbox, run, say);
  const { history } = environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT);
  const last = history.at(-1);
  const failed = traffic.total();
  const byChampion = traffic.byVersion.get(champion ?? '') ?? { requests: 0, failed: 0 };
  const isSeen = wasSeen(last?.code, failed.failed);
  const healed = await serveOn(traffic);
  return {
    title: 'Bad model',
    checks: [
      {
        expected: 'the candidate passes the gate and the packaging',
        observed: `verdict ${outputOf(run, 'judge', 'verdict')}, build ${outputOf(run, 'build', 'reason-code')}`,
        held: outputOf(run, 'build', 'reason-code') === 'package-built',
        where: run.log,
      },
      checkRun('the canary takes it back, and the run ends red', run, {
        conclusion: 'failure',
        job: 'deploy',
        reason: 'rolled-back',
      }),
      {
        expected: 'the ledger says why',
        observed: `${last?.outcome} (${last?.code}): ${last?.explanation.slice(0, 160)}`,
        held: last?.outcome === 'rolled-back' && championOf(world) === champion,
        where: `git --git-dir ${sandbox.remote.bare} show trainyard`,
      },
      {
        expected: 'the champion answered throughout, and alone afterwards',
        observed: `champion: ${byChampion.requests} requests, ${byChampion.failed} failed; in all ${failed.failed} of ${failed.requests} failed; afterwards ${healed.failed} of ${healed.requests}`,
        held: byChampion.requests > 0 && byChampion.failed === 0 && isSeen && healed.failed === 0,
        where: world.host.dataPlane,
      },
    ],
  };
}

/**
 * Whether clients met what it was taken back for. Where the machine is busy its two lanes may be slower before they have failed a client,
 * and on copies of requests before one was sent to it.
 */
function wasSeen(code: string | undefined, failed: number): boolean {
  if (code === 'shadow-failed') return failed === 0;
  return failed > 0 || code === 'slower';
}

async function serveOn(
  traffic: SteadyTraffic,
): Promise<{ readonly requests: number; readonly failed: number }> {
  traffic.reset();
  await waitFor(() => traffic.total().requests >= 60, 'answers after the rollback', 120_000);
  return traffic.total();
}

/** The candidate's share of the traffic, in %; -1 before its rollout has begun. */
function percentOf({ sandbox }: World): number {
  const { rollout } = environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT);
  return rollout?.cause.kind === 'comment' ? rollout.percent : -1;
}
