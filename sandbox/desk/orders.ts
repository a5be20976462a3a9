import { execFileSync } from 'node:child_process';
import { faultSchema } from '../github/faults.ts';
import { addIssue, commentsOf, requireReview } from '../github/repository.ts';
import { summarizeRun, type WorkflowRun } from '../runner/workflow-run.ts';
import { adaptConfiguration } from './adapt-repository.ts';
import { type LocalWorld, PERSON } from './local-world.ts';

const MONITOR = 'trainyard-monitor.yml';

/** What is asked of a sandbox: a verb and its words. */
type Order = (world: LocalWorld, words: readonly string[]) => readonly string[];

/** What may be asked, by verb. */
const ORDERS: Readonly<Record<string, Order>> = {
  push: (world) => push(world),
  comment: (world, words) => comment(world, words.join(' ')),
  tick: ({ sandbox }) => startedBy(sandbox.tick(MONITOR), `no ${MONITOR} on the default branch`),
  protect: ({ sandbox, hosts }, [environment = 'production']) => {
    if (!hosts.has(environment))
      throw new Error(`There is no environment ${environment}: ${[...hosts.keys()].join(', ') || 'none'}.`);
    requireReview(sandbox.repository, environment, [PERSON]);
    return [`Jobs of ${environment} wait for \`approve\` from now on.`];
  },
  approve: (world) => review(world, 'approved'),
  reject: (world) => review(world, 'rejected'),
  fail: ({ sandbox }, words) => fail(sandbox.github.faults.add, words),
  status: describeWorld,
};

/** Carries an order out, and gives what is to be said of it. Throws an Error for one that means nothing. */
export function obey(world: LocalWorld, verb: string, words: readonly string[]): readonly string[] {
  const order = ORDERS[verb];
  if (order === undefined)
    throw new Error(`The sandbox does not know ${verb}: ${Object.keys(ORDERS).join(', ')}.`);
  return order(world, words);
}

/** What runs where, and what became of what was asked. */
function describeWorld(world: LocalWorld): readonly string[] {
  const { sandbox } = world;
  const issue = newestIssue(world);
  const comments = issue === undefined ? [] : commentsOf(sandbox.repository, issue);
  const pending = sandbox.runs.flatMap(({ id }) =>
    sandbox.github.gates.pendingOf(id).map((name) => `${id} waits for \`approve\`: ${name}`),
  );
  return [
    ...describePlaces(world),
    ...sandbox.runs.map(summarizeRun),
    ...pending,
    ...comments.slice(-1).flatMap(({ user, body }) => [`— ${user} on #${issue} —`, ...body.split('\n')]),
  ];
}

/** Addresses of what was started. */
export function describePlaces({ sandbox, mlflow, hosts, keys }: LocalWorld): readonly string[] {
  return [
    `MLflow       ${mlflow.url}`,
    `GitHub       ${sandbox.github.addresses.api}  (runs: ${sandbox.github.addresses.web}/_sandbox/runs)`,
    `git          ${sandbox.remote.bare}`,
    ...[...hosts].flatMap(([name, { url, dataPlane }]) => [
      `${name.padEnd(12)} ${url}  (Authorization: Bearer ${keys.deployer})`,
      `predictions  ${dataPlane}/invocations`,
    ]),
  ];
}

function push(world: LocalWorld): readonly string[] {
  const { sandbox, folder, mlflow, hosts } = world;
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const branch = git('symbolic-ref', '--short', 'HEAD');
  const open = git('status', '--porcelain').split('\n').filter(Boolean).length;
  const urls = new Map([...hosts].map(([name, { url }]) => [name, url]));
  const runs = sandbox.pushFrom(folder, {
    ...{ branch, user: PERSON, message: git('log', '-1', '--format=%s') },
    files: adaptConfiguration(folder, { tracking: mlflow.url, hosts: urls }),
  });
  return [
    ...(open === 0
      ? []
      : [
          `${open === 1 ? 'One file differs' : `${open} files differ`} from the commit at hand: what is not committed is not pushed.`,
        ]),
    ...(branch === sandbox.repository.defaultBranch ? [] : [openPull(world, branch)]),
    ...startedBy(runs, 'no workflow takes this branch'),
  ];
}

/** A pushed branch gets a pull request, once. */
function openPull({ sandbox }: LocalWorld, branch: string): string {
  const { repository, remote } = sandbox;
  const known = [...repository.issues.values()].find(({ head }) => head?.branch === branch);
  if (known !== undefined) return `Pull request #${known.number} has it.`;
  const sha = remote.resolve(branch) ?? '';
  const head = { repository: repository.fullName, branch, sha };
  const { number } = addIssue(repository, { user: PERSON, title: branch, body: '', head });
  remote.pointRef(`refs/pull/${number}/head`, sha);
  return `Pull request #${number} was opened for it: comments go there.`;
}

function comment(world: LocalWorld, text: string): readonly string[] {
  const { sandbox } = world;
  if (text === '') throw new Error('A comment needs a text: comment "/train lr=0.01".');
  const issue =
    newestIssue(world) ?? addIssue(sandbox.repository, { user: PERSON, title: 'Sandbox', body: '' }).number;
  return [
    `${PERSON} on #${issue}: ${text}`,
    ...startedBy(sandbox.comment(PERSON, issue, text), 'no workflow takes it: it has to begin with a slash'),
  ];
}

function review({ sandbox }: LocalWorld, state: 'approved' | 'rejected'): readonly string[] {
  const { gates } = sandbox.github;
  const said = sandbox.runs.flatMap(({ id }) => {
    const environments = gates.pendingOf(id);
    const isSaid = environments.length > 0 && gates.review({ run: id, environments, state, user: PERSON });
    return isSaid ? [`${state}: ${environments.join(', ')} of run ${id}`] : [];
  });
  return said.length > 0 ? said : ['Nothing waits for it: `protect production` has jobs wait.'];
}

function fail(
  add: (fault: Parameters<LocalWorld['sandbox']['github']['faults']['add']>[0]) => void,
  [answer = '503', place = '', times = '1']: readonly string[],
): readonly string[] {
  const status = Number(answer);
  const fault = faultSchema.safeParse({
    answer: Number.isInteger(status) ? { status } : answer,
    path: place,
    times: Number(times),
  });
  if (!fault.success)
    throw new Error(
      'fail takes a status, timeout, drop, rate-limit or secondary-limit; then a part of a path, and how often.',
    );
  add(fault.data);
  return [
    `The next ${times} requests to GitHub${place === '' ? '' : ` with ${place} in their path`} get ${answer}.`,
  ];
}

function startedBy(runs: readonly WorkflowRun[], none: string): readonly string[] {
  if (runs.length === 0) return [`Nothing was started: ${none}.`];
  return runs.map(({ id, workflow, log }) => `Run ${id} of ${workflow}: ${log}`);
}

function newestIssue({ sandbox }: LocalWorld): number | undefined {
  return [...sandbox.repository.issues.keys()].at(-1);
}
