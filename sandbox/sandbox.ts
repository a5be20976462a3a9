import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { messageOf } from '../core/errors.ts';
import type { PermissionLevel } from '../core/permission.ts';
import { NPM_BIN, ROOT, VENV_BIN, venvProgram } from './checkout.ts';
import {
  commentEvent,
  dispatchEvent,
  manualEvent,
  pushEvent,
  scheduleEvent,
  type TriggerEvent,
} from './github/events.ts';
import { createGitRemote, type Files, type GitRemote } from './github/git-remote.ts';
import {
  addComment,
  addIssue,
  addUpdate,
  createRepository,
  type Issue,
  type Repository,
  requireReview,
} from './github/repository.ts';
import { type GitHubServer, startGitHubServer } from './github/server.ts';
import { waitFor } from './machine/wait-for.ts';
import type { ActOptions } from './runner/act.ts';
import { stageTrainyard } from './runner/staged-trainyard.ts';
import { describeRun, summarizeRun, type WorkflowRun } from './runner/workflow-run.ts';
import { createWorkflowRunner, type WorkflowRunner } from './runner/workflow-runner.ts';

/** Logins whose tokens the stand-in knows. */
export const ACTIONS_BOT = 'github-actions[bot]';
const AGENT_BOT = 'trainyard-agent[bot]';
const RUNNER_LABELS = ['self-hosted', 'gpu', 'control', 'ubuntu-latest'];
const FIRST_RUN_ID = 9_000_000_001;

type SandboxOptions = {
  /** Everything the sandbox writes lies here. */
  readonly folder: string;
  /** `owner/name` */
  readonly repository?: string;
  readonly people: Readonly<Record<string, PermissionLevel>>;
  /** `main` unless told. */
  readonly defaultBranch?: string;
  /** Labels of runners beside the usual ones. */
  readonly labels?: readonly string[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Folder of programs that runners find before all others, such as that of the model's Python. */
  readonly programs?: string;
  /** Environment of the runners beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Workflow runs at once. */
  readonly parallel?: number;
  /** Host by which the runners know GitHub, where a proxy leads there. */
  readonly hostName?: string;
};

/** GitHub on one machine: API, git remote, webhooks and workflow runs. */
export type Sandbox = {
  readonly folder: string;
  readonly github: GitHubServer;
  readonly repository: Repository;
  readonly remote: GitRemote;
  readonly runs: readonly WorkflowRun[];
  /** Tokens by the login that holds them. */
  readonly tokens: { readonly actions: string; readonly agent: string };
  readonly push: (
    files: Files,
    options: { user: string; message: string; branch?: string },
  ) => readonly WorkflowRun[];
  /** The commit at hand of a folder, with some files otherwise. */
  readonly pushFrom: (
    folder: string,
    options: { user: string; message: string; branch: string; files: Files },
  ) => readonly WorkflowRun[];
  readonly openPullRequest: (request: {
    user: string;
    branch: string;
    title: string;
    files: Files;
    /** Head repository; a fork when it is another than this. */
    from?: string;
  }) => Issue;
  readonly comment: (user: string, issue: number, body: string) => readonly WorkflowRun[];
  readonly dispatch: (type: string, payload: unknown, user?: string) => readonly WorkflowRun[];
  readonly manual: (
    workflow: string,
    inputs: Readonly<Record<string, string>>,
    user: string,
  ) => readonly WorkflowRun[];
  readonly tick: (workflow: string) => readonly WorkflowRun[];
  /** Has jobs of an environment wait until one of these logins has spoken. */
  readonly requireReview: (environment: string, reviewers: readonly string[]) => void;
  readonly finished: WorkflowRunner['finished'];
  readonly cancel: WorkflowRunner['cancel'];
  /** Resolves with the first run for which the predicate holds. */
  readonly waitForRun: (
    what: string,
    predicate: (run: WorkflowRun) => boolean,
    timeoutMs: number,
  ) => Promise<WorkflowRun>;
  readonly stop: () => Promise<void>;
};

/** Starts a sandbox; `stop` ends all it started. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const people = { [ACTIONS_BOT]: 'write', [AGENT_BOT]: 'write', ...options.people } as const;
  const repository = createRepository(options.repository ?? 'acme/digits', people, options.defaultBranch);
  mkdirSync(options.folder, { recursive: true });
  const remote = createGitRemote(path.join(options.folder, 'remote.git'), repository.defaultBranch);
  const actions = stageTrainyard(ROOT, path.join(options.folder, 'trainyard'));
  const tokens = { actions: 'ghs_sandbox-actions', agent: 'github_pat_sandbox-agent' };
  const shared = {
    ...describeRunner(options),
    remote,
    actions,
    token: tokens.actions,
  };
  const runner = createWorkflowRunner(() => ({ ...shared, ...whereaboutsOf(repository, github) }), {
    folder: path.join(options.folder, 'runs'),
    parallel: options.parallel ?? 2,
    firstId: FIRST_RUN_ID,
    waitingRuns: () => github.gates.waitingRuns(),
  });
  const triggers = createTriggers(repository, remote, runner, () => github.addresses);
  const github = await startGitHubServer({
    repository,
    remote,
    tokens: new Map([
      [tokens.actions, ACTIONS_BOT],
      [tokens.agent, AGENT_BOT],
    ]),
    onDispatch: (type, payload, user) => {
      triggers.dispatch(type, payload, user);
    },
    describeRuns: () => runner.runs.map(describeRun),
    showRun: (id) => runner.runs.find((run) => run.id === id),
    isJobOver: runner.isJobOver,
    onWaiting: runner.startNext,
    ...(options.hostName !== undefined && { hostName: options.hostName }),
  });
  return {
    folder: options.folder,
    github,
    repository,
    remote,
    runs: runner.runs,
    tokens,
    ...triggers,
    requireReview: (environment, reviewers) => requireReview(repository, environment, reviewers),
    finished: runner.finished,
    cancel: runner.cancel,
    waitForRun: (what, predicate, timeoutMs) => waitForRun(runner, what, predicate, timeoutMs),
    stop: async () => {
      await runner.stop();
      await github.stop();
    },
  };
}

/** Asked for at each run: a repository may have been renamed. */
function whereaboutsOf(
  { fullName }: Repository,
  { addresses, port }: GitHubServer,
): Pick<ActOptions, 'repository' | 'addresses' | 'gates'> {
  return { repository: fullName, addresses, gates: `http://127.0.0.1:${port}/_sandbox/gates` };
}

async function waitForRun(
  { runs }: WorkflowRunner,
  what: string,
  predicate: (run: WorkflowRun) => boolean,
  timeoutMs: number,
): Promise<WorkflowRun> {
  try {
    await waitFor(() => runs.some(predicate), what, timeoutMs);
  } catch (error) {
    throw new Error([messageOf(error), ...runs.map(summarizeRun)].join('\n'), { cause: error });
  }
  const found = runs.find(predicate);
  if (found === undefined) throw new Error(`no ${what}`);
  return found;
}

type Triggers = Pick<
  Sandbox,
  'push' | 'pushFrom' | 'openPullRequest' | 'comment' | 'dispatch' | 'manual' | 'tick'
>;

function createTriggers(
  repository: Repository,
  remote: GitRemote,
  runner: WorkflowRunner,
  addresses: () => GitHubServer['addresses'],
): Triggers {
  const { defaultBranch } = repository;
  const head = (): string => {
    const sha = remote.resolve(defaultBranch);
    if (sha === undefined) throw new Error('push something to the default branch first');
    return sha;
  };
  const surroundings = () => ({ repository, addresses: addresses() });
  const start = (event: TriggerEvent, only?: string) => runner.trigger(event, only);
  const pushed = (
    { branch, user, message }: { readonly branch: string; readonly user: string; readonly message: string },
    commit: () => string,
  ) => {
    const before = remote.resolve(branch);
    const sha = commit();
    addUpdate(repository, { branch, before, after: sha });
    for (const { number, head: pull } of repository.issues.values()) {
      if (pull?.branch === branch) remote.pointRef(`refs/pull/${number}/head`, sha);
    }
    return start(pushEvent(surroundings(), { branch, before, sha, actor: user, message }));
  };
  return {
    push: (files, { user, message, branch = defaultBranch }) =>
      pushed({ branch, user, message }, () => remote.commit({ branch, files, message, author: user })),
    pushFrom: (folder, { user, message, branch, files }) =>
      pushed({ branch, user, message }, () => remote.take({ branch, folder, files, message, author: user })),
    openPullRequest: ({ user, branch, title, files, from = repository.fullName }) => {
      const sha = remote.commit({ branch, files, message: title, author: user, from: defaultBranch });
      addUpdate(repository, { branch, before: undefined, after: sha });
      const issue = addIssue(repository, { user, title, body: '', head: { repository: from, branch, sha } });
      remote.pointRef(`refs/pull/${issue.number}/head`, sha);
      return issue;
    },
    comment: (user, number, body) => {
      const issue = repository.issues.get(number);
      if (issue === undefined) throw new Error(`there is no issue ${number}`);
      const comment = addComment(repository, number, user, body);
      return start(commentEvent(surroundings(), { issue, comment, sha: head() }));
    },
    dispatch: (type, payload, user = AGENT_BOT) =>
      start(dispatchEvent(surroundings(), { type, payload, sha: head(), actor: user })),
    manual: (workflow, inputs, user) =>
      start(manualEvent(surroundings(), { workflow, inputs, sha: head(), actor: user }), workflow),
    tick: (workflow) => start(scheduleEvent(surroundings(), { cron: '17 * * * *', sha: head() }), workflow),
  };
}

function describeRunner(
  options: SandboxOptions,
): Pick<ActOptions, 'act' | 'folder' | 'labels' | 'secrets' | 'variables' | 'env'> {
  return {
    act: venvProgram('act'),
    folder: path.join(options.folder, 'work'),
    labels: [...new Set([...RUNNER_LABELS, ...(options.labels ?? [])])],
    secrets: options.secrets ?? {},
    variables: options.variables ?? {},
    env: {
      PATH: [options.programs ?? [], VENV_BIN, NPM_BIN, process.env['PATH']].flat().join(path.delimiter),
      HOME: options.folder,
      LANG: 'C.UTF-8',
      ...options.env,
    },
  };
}
