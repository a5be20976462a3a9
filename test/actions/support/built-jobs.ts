import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ActionName } from '../../../actions/job/contract.ts';
import { commentEvent, manualEvent, type TriggerEvent } from '../../../sandbox/github/events.ts';
import type { Files } from '../../../sandbox/github/git-remote.ts';
import { addComment } from '../../../sandbox/github/repository.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts';
import { beginLedger } from '../../adapters/support/begin-ledger.ts';
import { type JobEnd, runAction } from '../../fleet/support/run-action.ts';

/** Who pushes, and asks for everything. */
const PERSON = 'ada';

/** A repository on the sandbox's GitHub, and jobs that run the built actions in fresh clones of it. */
export type BuiltJobs = {
  readonly sandbox: Sandbox;
  /** Runs one action on a commit, that of the default branch unless told. Each has a clone and a temporary folder of its own. */
  readonly run: (
    action: ActionName,
    inputs: Readonly<Record<string, string>>,
    options?: { readonly event?: TriggerEvent; readonly sha?: string; readonly runId?: number },
  ) => Promise<JobEnd>;
  /** What a person asks for by hand, or by a comment on a pull request. */
  readonly byHand: (inputs: Readonly<Record<string, string>>) => TriggerEvent;
  readonly byComment: (pullRequest: number, body: string) => TriggerEvent;
  readonly stop: () => Promise<void>;
};

/** Pushes the files, has a person begin the ledger, and waits for jobs. The repository has no workflow: nothing runs by itself. */
export async function startBuiltJobs(
  folder: string,
  files: Files,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BuiltJobs> {
  const sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { [PERSON]: 'maintain' },
  });
  const { github, repository, remote, tokens } = sandbox;
  sandbox.push(files, { user: PERSON, message: 'Begin' });
  beginLedger(remote, PERSON);
  const surroundings = { repository, addresses: github.addresses };
  const head = () => remote.resolve(repository.defaultBranch) ?? '';
  let jobs = 0;
  return {
    sandbox,
    run: async (action, inputs, { event, sha = head(), runId = 1 } = {}) => {
      jobs += 1;
      const at = path.join(folder, 'jobs', `${jobs}-${action}`);
      const workspace = path.join(at, 'workspace');
      mkdirSync(at, { recursive: true });
      remote.cloneAt(workspace, sha);
      const origin = `${github.addresses.web}/${repository.fullName}.git`;
      execFileSync('git', ['remote', 'set-url', 'origin', origin], { cwd: workspace });
      const told = path.join(at, 'event.json');
      writeFileSync(told, JSON.stringify(event?.payload ?? {}));
      return runAction({
        action,
        inputs: { 'github-token': tokens.actions, ...inputs },
        env: {
          ...env,
          ...{ GITHUB_WORKSPACE: workspace, GITHUB_EVENT_PATH: told, HOME: at },
          ...{ GITHUB_EVENT_NAME: event?.name ?? 'workflow_dispatch', GITHUB_ACTOR: PERSON },
          ...{ GITHUB_REPOSITORY: repository.fullName, GITHUB_SHA: event?.sha ?? sha },
          ...{ GITHUB_RUN_ID: String(runId), GITHUB_RUN_ATTEMPT: '1' },
          ...{ GITHUB_API_URL: github.addresses.api, GITHUB_SERVER_URL: github.addresses.web },
        },
        folder: at,
      });
    },
    byHand: (inputs) =>
      manualEvent(surroundings, { workflow: 'trainyard.yml', inputs, sha: head(), actor: PERSON }),
    byComment: (number, body) => {
      const issue = repository.issues.get(number);
      if (issue === undefined) throw new Error(`there is no issue ${number}`);
      const comment = addComment(repository, number, PERSON, body);
      return commentEvent(surroundings, { issue, comment, sha: head() });
    },
    stop: sandbox.stop,
  };
}

/** The output `result` of a job that ended well; throws with its log where it did not. */
export function resultOf(job: JobEnd): string {
  if (job.status !== 0) throw new Error(job.log);
  return job.outputs['result'] ?? '';
}

/** What a first model is judged by: the outputs `result` of the jobs before, the Python that predicts, and the commit, where it is not the head. */
type FirstModel = {
  readonly plan: string;
  readonly training: string;
  readonly python: string;
  readonly sha?: string;
};

/** Predicts with a model beside which nothing serves yet, and judges it, each in a job of its own as the pipeline chains them; gives the latter. */
export async function judgeFirst(
  { run }: Pick<BuiltJobs, 'run'>,
  { plan, training, python, ...at }: FirstModel,
): Promise<JobEnd> {
  const predicted = await run('evaluate-gate', { phase: 'predict', plan, training, python }, at);
  resultOf(predicted);
  const { predictions, box, explanation } = predicted.outputs;
  const challenger = `challenger=${predictions}\nchallenger-box=${box}\nchallenger-explanation=${explanation}\n`;
  const said = `${challenger}champion=\nchampion-box=\nchampion-explanation=\n`;
  return run('evaluate-gate', { phase: 'judge', plan, training, predictions: said }, at);
}
