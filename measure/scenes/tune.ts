import { z } from 'zod';
import { DEFAULT_CONFIG_FILE, TAGS } from '../../core/names.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { commentsOf, type Issue } from '../../sandbox/github/repository.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import type { WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { ACTIONS_BOT } from '../../sandbox/sandbox.ts';
import type { SteadyTraffic } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import { championOf, checkServed, checkStages } from './retrain-by-comment.ts';
import { checkRun, type Say, type SceneCheck, type SceneResult } from './scene.ts';
import { MODEL, type World, WRITER } from './world.ts';

const BRANCH = 'better-rate';
const SEARCH = '/tune trials=4';
const PRODUCTION = '/train --production';
const TOLD_MS = 300_000;

/** What the search came to, and the pull request that proposed it. */
type Searched = {
  readonly run: WorkflowRun;
  /** What the answer to the command said while it was searched. */
  readonly meanwhile: string;
  readonly proposal: Issue | undefined;
  /** The lines of trainyard.yml that it changes, as they become. */
  readonly lines: readonly string[];
};

/**
 * A comment searches for parameters; the pull request that proposes them is merged, and a production run with them, on all the data, is
 * judged and promoted through the canary. Its version says of which study its parameters are, and on which data that was made.
 */
export async function playTune(world: World, traffic: SteadyTraffic, say: Say): Promise<SceneResult> {
  const { sandbox } = world;
  const before = championOf(world);
  // A switch of the repository's settings.
  sandbox.repository.actionsMayOpenPullRequests = true;
  const pull = sandbox.openPullRequest({
    user: WRITER,
    branch: BRANCH,
    title: 'Learn at a better rate',
    files: { 'notes.txt': 'Which rate is best?\n' },
  });
  const searched = await search(world, pull.number, say);
  say(`${WRITER} merges what is proposed (${searched.lines.join(', ').trim()}), and comments ${PRODUCTION}`);
  traffic.reset();
  const run = comment(world, pull.number, PRODUCTION);
  await followRun(sandbox, run, say);
  const champion = championOf(world);
  return {
    title: 'Search and production',
    checks: [
      checkRun('a writer’s comment searches, and puts on record what was found', searched.run, {
        conclusion: 'success',
        job: 'propose',
        reason: 'recorded',
      }),
      checkComment(world, pull.number, searched),
      checkProposal(world, searched),
      checkRun('once that is merged, a production run trains, gates, packages and deploys', run, {
        conclusion: 'success',
        job: 'deploy',
        reason: 'promoted',
      }),
      await checkProof(world, champion),
      checkStages(world, champion),
      {
        expected: 'the production run’s version is the new champion',
        observed: `champion ${before ?? 'none'} → ${champion ?? 'none'}`,
        held: champion !== undefined && champion !== before,
        where: `git --git-dir ${sandbox.remote.bare} show trainyard`,
      },
      checkServed(world, traffic),
    ],
  };
}

function comment({ sandbox }: World, pull: number, body: string): WorkflowRun {
  const [run] = sandbox.comment(WRITER, pull, body);
  if (run === undefined) throw new Error('the comment started no workflow');
  return run;
}

/** Searches by a comment, and merges the pull request that comes of it into the one that the comment was made in. */
async function search(world: World, pull: number, say: Say): Promise<Searched> {
  const { sandbox } = world;
  const { remote, repository } = sandbox;
  const was = remote.show(BRANCH, DEFAULT_CONFIG_FILE)?.split('\n') ?? [];
  say(`${WRITER} comments ${SEARCH}`);
  const run = comment(world, pull, SEARCH);
  const isOver = () => run.jobs.get('train')?.result !== undefined;
  const told = waitFor(() => answersIn(world, pull)[0] ?? isOver(), 'an answer to the command', TOLD_MS);
  await followRun(sandbox, run, say);
  const meanwhile = String(await told);
  const proposal = [...repository.issues.values()].find(
    ({ user, head }) => user === ACTIONS_BOT && head?.base === BRANCH,
  );
  const text = remote.show(proposal?.head?.branch ?? '', DEFAULT_CONFIG_FILE) ?? '';
  const lines = text.split('\n').filter((line) => !was.includes(line));
  if (proposal !== undefined) {
    const message = `Merge pull request #${proposal.number} from ${proposal.head?.branch}`;
    sandbox.push({ [DEFAULT_CONFIG_FILE]: text }, { user: WRITER, message, branch: BRANCH });
    proposal.state = 'closed';
  }
  return { run, meanwhile, proposal, lines };
}

/** What the workflow has written into a pull request. */
function answersIn({ sandbox }: World, pull: number): readonly string[] {
  return commentsOf(sandbox.repository, pull).flatMap(({ user, body }) =>
    user === ACTIONS_BOT ? [body] : [],
  );
}

function checkComment(world: World, pull: number, { meanwhile }: Searched): SceneCheck {
  const [answer = ''] = answersIn(world, pull);
  const found = /`lr=[^`]+`/.exec(answer)?.[0];
  return {
    expected: 'one comment says that it searches, and then what was found, and where that is proposed',
    observed: `at first: ${/This is going to [^.]*/.exec(meanwhile)?.[0] ?? 'nothing'}; at the end: ${found ?? 'nothing'}`,
    held: meanwhile.includes('This is going to') && found !== undefined && answer.includes('/pull/'),
    where: `${world.sandbox.github.addresses.web}/_sandbox/repository`,
  };
}

function checkProposal({ sandbox }: World, { proposal, lines }: Searched): SceneCheck {
  return {
    expected: 'the pull request that it opens changes the rate, and nothing else of trainyard.yml',
    observed: `#${proposal?.number ?? 'none'} ${proposal?.title ?? ''}: ${lines.join(' / ').trim()}`,
    held: proposal !== undefined && lines.length === 1 && /\blr: (?!0\.012,)[\d.]+/.test(lines[0] ?? ''),
    where: `git --git-dir ${sandbox.remote.bare} show ${proposal?.head?.branch ?? BRANCH}`,
  };
}

const versionSchema = z.object({
  model_version: z.object({
    run_id: z.string(),
    tags: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
  }),
});

/** The version in MLflow's registry has to say what the ledger says. */
async function checkProof({ sandbox, mlflow }: World, version: string | undefined): Promise<SceneCheck> {
  const where = `${mlflow.url}/#/models/${MODEL}/versions/${version ?? ''}`;
  const query = new URLSearchParams({ name: MODEL, version: version ?? '' });
  const answer = await fetch(`${mlflow.url}/api/2.0/mlflow/model-versions/get?${query}`);
  const { run_id: runId, tags } = versionSchema.parse(await answer.json()).model_version;
  const tag = (name: string) => tags.find(({ key }) => key === name)?.value;
  const { trainings } = readLedgerState(sandbox.remote, MODEL);
  const study = Object.values(trainings).find((training) => training.runId === runId)?.study;
  const known = Object.values(trainings).some(
    ({ search }) => search !== undefined && search.study === study?.study,
  );
  return {
    expected:
      'its version says of which study its parameters are, and that its data are all that was searched on',
    observed: `${tag(TAGS.pipeline) ?? 'no pipeline'}: ${study?.study ?? 'no study'}, trial ${study?.trial ?? 'none'}, data ${study?.data ?? 'unknown'}`,
    held: known && tag(TAGS.pipeline) === 'production' && tag(TAGS.study) === JSON.stringify(study),
    where,
  };
}
