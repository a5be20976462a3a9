import { environmentOf } from '../../core/ledger/state.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { predict } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import { checkRun, type Say, type SceneResult } from './scene.ts';
import { ENVIRONMENT, MODEL, type World, WRITER } from './world.ts';

/** A push trains the first version, which passes its floors, is packaged and takes all traffic. */
export async function playFirstTrain(world: World, say: Say): Promise<SceneResult> {
  const { sandbox, host, mlflow } = world;
  say(`${WRITER} pushes the project to main`);
  const [run] = sandbox.push(world.project, { user: WRITER, message: 'Digits, and how to train them' });
  if (run === undefined) throw new Error('the push started no workflow');
  await followRun(sandbox, run, say);
  const champion = environmentOf(readLedgerState(sandbox.remote, MODEL), ENVIRONMENT).champion;
  const digits = loadDigits(2);
  const answer = await predict(host.dataPlane, MODEL, digits);
  return {
    title: 'First train',
    checks: [
      checkRun('a push trains, gates, packages and deploys', run, {
        conclusion: 'success',
        job: 'deploy',
        reason: 'promoted',
      }),
      {
        expected: 'the ledger names version 1 champion',
        observed: `champion: ${champion?.version ?? 'none'}`,
        held: champion?.version === '1',
        where: `git --git-dir ${sandbox.remote.bare} log trainyard`,
      },
      {
        expected: 'Envoy answers a prediction, and says which version gave it',
        observed: `${answer.status}, version ${answer.version}, ${answer.correct} of ${digits.length} digits right`,
        held: answer.status === 200 && answer.version === '1' && answer.correct >= 15,
        where: `${host.dataPlane}/predictions/${MODEL}, ${mlflow.url}`,
      },
    ],
  };
}
