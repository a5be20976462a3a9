import { environmentOf } from '../../core/ledger/state.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { commentsOf } from '../../sandbox/github/repository.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { ACTIONS_BOT } from '../../sandbox/sandbox.ts';
import { accuracyOf, type SteadyTraffic } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import { checkRun, type Say, type SceneCheck, type SceneResult } from './scene.ts';
import { ENVIRONMENT, MODEL, READER, type World, WRITER } from './world.ts';

const COMMAND = '/train epochs=6 seed=2';

/**
 * A writer's comment retrains the model: the challenger is judged in the pull request, takes traffic in stages and is promoted. The
 * same comment by someone who may only read does nothing. `meanwhile` may disturb while the run goes on.
 */
export async function playRetrainByComment(
  world: World,
  traffic: SteadyTraffic,
  say: Say,
  meanwhile: (run: WorkflowRun) => Promise<void> = async () => undefined,
): Promise<SceneResult> {
  const { sandbox } = world;
  const before = championOf(world);
  const pull = sandbox.openPullRequest({
    user: WRITER,
    branch: 'train-longer',
    title: 'Train longer',
    files: { 'notes.txt': 'One epoch more, another seed.\n' },
  });
  const refusal = await checkRefusal(world, pull.number, say);
  say(`${WRITER}, who may write, comments ${COMMAND}`);
  traffic.reset();
  const [run] = sandbox.comment(WRITER, pull.number, COMMAND);
  if (run === undefined) throw new Error('the comment started no workflow');
  await Promise.all([followRun(sandbox, run, say), meanwhile(run)]);
  const champion = championOf(world);
  return {
    title: 'Retrain by comment',
    checks: [
      refusal,
      checkRun('a writer’s comment trains, gates, packages and deploys', run, {
        conclusion: 'success',
        job: 'deploy',
        reason: 'promoted',
      }),
      checkReport(world, pull.number, run),
      checkStages(world, champion),
      {
        expected: 'the challenger is the new champion',
        observed: `champion ${before ?? 'none'} → ${champion ?? 'none'}`,
        held: champion !== undefined && champion !== before,
        where: `git --git-dir ${sandbox.remote.bare} show trainyard`,
      },
      checkServed(world, traffic),
    ],
  };
}

/** The version that serves all traffic, by the ledger. */
export function championOf({ sandbox }: World): string | undefined {
  return environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT).champion?.version;
}

async function checkRefusal(world: World, pull: number, say: Say): Promise<SceneCheck> {
  const { sandbox } = world;
  say(`${READER}, who may only read, comments ${COMMAND}`);
  const before = readLedger(sandbox.remote, MODEL).length;
  const [run] = sandbox.comment(READER, pull, COMMAND);
  if (run === undefined) throw new Error('the comment started no workflow');
  await sandbox.finished(run);
  const reason = outputOf(run, 'plan', 'reason-code');
  const answer = commentsOf(sandbox.repository, pull).find(({ user }) => user === ACTIONS_BOT)?.body ?? '';
  const written = readLedger(sandbox.remote, MODEL).length - before;
  const explained = answer.includes(`${READER} has the role read`);
  return {
    expected: 'the same comment without write access is refused with the reason, and trains nothing',
    observed: `${reason}, ${written} events written, reason ${explained ? 'given' : 'missing'}`,
    held: reason === 'refused' && written === 0 && explained && run.jobs.get('train')?.result !== 'success',
    where: run.log,
  };
}

function checkReport({ sandbox }: World, pull: number, run: WorkflowRun): SceneCheck {
  const bodies = commentsOf(sandbox.repository, pull)
    .filter(({ user }) => user === ACTIONS_BOT)
    .map(({ body }) => body);
  const report = bodies.find((body) => /accuracy/i.test(body) && /pass/i.test(body));
  const verdict = outputOf(run, 'judge', 'verdict');
  return {
    expected: 'the pull request has the gate’s report',
    observed: `verdict ${verdict}, report of ${report?.length ?? 0} characters`,
    held: verdict === 'pass' && report !== undefined,
    where: `${sandbox.github.addresses.web}/_sandbox/repository`,
  };
}

/** A rollout went through all of its stages. */
export function checkStages({ sandbox }: World, version: string | undefined): SceneCheck {
  const events = readLedger(sandbox.remote, MODEL);
  const started = events.findLast((event) => event.kind === 'rollout.started');
  const planned = started?.kind === 'rollout.started' ? started.data.stages : [];
  const advanced = events.flatMap((event) =>
    event.kind === 'rollout.advanced' && event.data.version === version ? [event.data.percent] : [],
  );
  return {
    expected: `traffic rose through all stages: ${planned.join(', ')} %`,
    observed: advanced.map((percent) => `${percent} %`).join(', '),
    held: planned.length > 1 && planned.every((percent) => advanced.includes(percent)),
    where: `git --git-dir ${sandbox.remote.bare} show trainyard`,
  };
}

/** Clients noticed nothing of a rollout but its version. */
export function checkServed({ host }: World, traffic: SteadyTraffic): SceneCheck {
  const served = traffic.total();
  return {
    expected: 'every request of the clients was answered, by both versions in turn',
    observed: `${served.requests} requests, ${served.failed} failed, versions ${[...traffic.byVersion.keys()].toSorted().join(' and ')}, accuracy ${accuracyOf(served).toFixed(3)}`,
    held: served.failed === 0 && served.requests > 0 && traffic.byVersion.size === 2,
    where: host.dataPlane,
  };
}
