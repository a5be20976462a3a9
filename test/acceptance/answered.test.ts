import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { venvProgram } from '../../sandbox/checkout.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { addIssue, commentsOf } from '../../sandbox/github/repository.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { beginLedger } from '../adapters/support/begin-ledger.ts';
import { readTabularProject } from './support/tabular-project.ts';

const MODEL = 'loans';
/** Nothing listens where it serves, and no training gets that far but one. */
const CONFIGURATION = `version: 1
model: ${MODEL}
project: { uri: ., environment: local, steps: { train: train }, parameters: { trees: 5 } }
data: { inputs: [data/train.csv], holdout: { path: data/holdout.csv, target: label, id: id } }
gate: [{ metric: accuracy, floor: 0.9999 }]
environments: { production: { hosts: ["http://127.0.0.1:9"] } }
`;

let folder: string;
let mlflow: MlflowServer;
let sandbox: Sandbox;
let project: Files;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-answered-'));
  mlflow = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
  sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { ada: 'admin' },
    secrets: { TRAINYARD_AGENT_TOKEN: 'a token nobody checks' },
    variables: { MLFLOW_TRACKING_URI: mlflow.url },
    env: { OMP_NUM_THREADS: '1' },
  });
  beginLedger(sandbox.remote, 'ada');
  project = readTabularProject(folder, CONFIGURATION);
});
afterAll(async () => {
  await sandbox?.stop();
  await mlflow?.child.stop();
  discard(folder);
});

it('a push whose model fails the gate ends red, beside its commit and in its run', async () => {
  const run = await finish(sandbox.push(project, { user: 'ada', message: 'Loans' }));

  expect(outputOf(run, 'judge', 'reason-code'), tailOf(run)).toBe('gate-failed');
  expect(run.conclusion).toBe('failure');
  const sha = sandbox.remote.resolve('refs/heads/main');
  const statuses = sandbox.repository.statuses.filter((status) => status.sha === sha);
  expect(statuses.map(({ context, state }) => [context, state])).toEqual([
    [`trainyard/${MODEL}/production`, 'pending'],
    [`trainyard/${MODEL}/production`, 'failure'],
  ]);
  expect(statuses.at(-1)?.targetUrl).toMatch(/\/actions\/runs\/\d+$/);
  expect(outputOf(run, 'report', 'headline')).toContain('Nothing was registered');
});

it('a /train whose training fails is answered with what failed, where, and how to go on', async () => {
  const pull = sandbox.openPullRequest({
    ...{ user: 'ada', branch: 'diverges', title: 'Learn faster' },
    files: {
      'train.py': 'import mlflow\n\nmlflow.start_run()\nraise ValueError("loss diverged at epoch 7")\n',
    },
  });
  const run = await finish(sandbox.comment('ada', pull.number, '/train'));

  expect(run.conclusion).toBe('failure');
  const answers = commentsOf(sandbox.repository, pull.number).filter(({ user }) => user !== 'ada');
  expect(answers).toHaveLength(1);
  const [{ body = '' } = {}] = answers;
  expect(body).toContain('The job train failed');
  expect(body).toContain('loss diverged at epoch 7');
  expect(body).toContain('comment `/train` again');
  expect(body).toContain('Re-run the failed jobs');
  expect(body).toMatch(/\/actions\/runs\/\d+/);
  const state = sandbox.repository.statuses.filter(({ sha }) => sha === pull.head?.sha).at(-1);
  expect(state).toMatchObject({
    state: 'error',
    description: expect.stringContaining('The job train failed'),
  });
});

it('a model that passed is packed and on record where its rollout can not begin, and needs no training then', async () => {
  const eased = CONFIGURATION.replace('0.9999', '0.6');
  await finish(
    sandbox.push(
      { 'trainyard.yml': eased, 'train.py': `${project['train.py']}\n` },
      { user: 'ada', message: 'Ease' },
    ),
  );

  const { versions } = readLedgerState(sandbox.remote, MODEL);
  expect(versions['1']?.package?.package).toMatch(/^loans@sha256:/);
  const status = sandbox.repository.statuses.at(-1);
  expect(status).toMatchObject({
    state: 'error',
    description: expect.stringContaining('The job deploy failed'),
  });

  const issue = addIssue(sandbox.repository, { user: 'ada', title: 'Serve it', body: '' });
  const run = await finish(sandbox.comment('ada', issue.number, '/deploy v1'));
  // The host is still away: it is asked, which is as far as a package and no training lead.
  expect(outputOf(run, 'plan', 'reason-code')).toBe('planned');
  expect(outputOf(run, 'deploy', 'headline')).not.toContain('has not been packed');
  const said = commentsOf(sandbox.repository, issue.number).map(({ body }) => body);
  expect(said.join('\n')).toContain('The job deploy failed');
});

async function finish([run]: readonly WorkflowRun[]): Promise<WorkflowRun> {
  if (run === undefined) throw new Error('no workflow started');
  await sandbox.finished(run);
  return run;
}

function tailOf({ log }: WorkflowRun): string {
  return readFileSync(log, 'utf8').slice(-4_000);
}
