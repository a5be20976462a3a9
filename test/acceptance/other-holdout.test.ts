import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { hashText } from '../../adapters/data-digest.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { ok } from '../../core/result.ts';
import { venvProgram } from '../../sandbox/checkout.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { commentsOf } from '../../sandbox/github/repository.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { readTabularProject } from './support/tabular-project.ts';

const MODEL = 'loans';
const CONFIGURATION = `version: 1
model: ${MODEL}
project: { uri: ., environment: local, steps: { train: train }, parameters: { trees: 5 } }
data: { inputs: [data/train.csv], holdout: { path: data/holdout.csv, target: label, id: id } }
gate: [{ metric: accuracy, floor: 0.7, require: non-inferior, margin: 0.01 }]
commands: { forks: true }
`;
/** Nothing listens there: this test needs to know who serves, and rolls nothing out. */
const SERVING = 'environments: { production: { hosts: ["http://127.0.0.1:9"] } }\n';
/** Answers 1, whatever it is asked. */
const ALWAYS_ONE = `
import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature


class AlwaysOne(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return np.tile([0.0, 1.0], (len(model_input), 1))


inputs = pd.read_csv("data/train.csv")[["income", "age", "region"]].head(2)
with mlflow.start_run():
    signature = infer_signature(inputs, np.tile([0.0, 1.0], (2, 1)))
    mlflow.pyfunc.log_model(name="model", python_model=AlwaysOne(), signature=signature)
`;

let folder: string;
let mlflow: MlflowServer;
let sandbox: Sandbox;
let project: Files;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-other-holdout-'));
  mlflow = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
  sandbox = await startSandbox({
    folder: path.join(folder, 'github'),
    people: { ada: 'admin' },
    variables: { MLFLOW_TRACKING_URI: mlflow.url },
    env: { OMP_NUM_THREADS: '1' },
  });
  project = readTabularProject(folder, CONFIGURATION);
});
afterAll(async () => {
  await sandbox?.stop();
  await mlflow?.child.stop();
  discard(folder);
});

it('a pull request that brings easier examples is judged on the default branch’s, and its report says so', async () => {
  const first = await finish(sandbox.push(project, { user: 'ada', message: 'Loans' }));
  expect(outputOf(first, 'judge', 'verdict'), tailOf(first)).toBe('pass');
  await serve('1');

  const pull = sandbox.openPullRequest({
    user: 'eve',
    from: 'eve/loans',
    branch: 'refactor',
    title: 'Tidy up',
    files: {
      'trainyard.yml': configuration().replace('data/holdout.csv', 'data/easy.csv'),
      'data/easy.csv': easierExamples(),
      'train.py': ALWAYS_ONE,
    },
  });
  const attacked = await finish(sandbox.comment('ada', pull.number, `/train ${pull.head?.sha}`));

  const jobs = ['plan', 'train', 'predict-champion', 'predict', 'judge', 'register'];
  expect(
    jobs.map((job) => [job, outputOf(attacked, job, 'reason-code') ?? '']),
    tailOf(attacked),
  ).toEqual([
    ['plan', 'planned'],
    ['train', 'trained'],
    ['predict-champion', 'predicted'],
    ['predict', 'predicted'],
    ['judge', 'gate-failed'],
    ['register', ''],
  ]);
  const report = commentsOf(sandbox.repository, pull.number)
    .map(({ body }) => body)
    .join('\n');
  expect(report).toContain('`data.holdout.path` from data/holdout.csv to data/easy.csv');
  expect(report).toContain("judged on the default branch's data/holdout.csv until it is merged");

  const { holdout, versions }: LedgerState = readLedgerState(sandbox.remote, MODEL);
  const digest = hashText(String(project['data/holdout.csv']));
  expect(holdout).toMatchObject({ path: 'data/holdout.csv', digest });
  const judged = readLedger(sandbox.remote, MODEL).filter((event) => event.kind === 'gate.judged');
  expect(judged.map(({ data }) => [data.verdict, data.holdoutDigest, data.champion])).toEqual([
    ['pass', digest, undefined],
    ['fail', digest, '1'],
  ]);
  expect(Object.keys(versions)).toEqual(['1']);
});

async function finish([run]: readonly WorkflowRun[]): Promise<WorkflowRun> {
  if (run === undefined) throw new Error('no workflow started');
  await sandbox.finished(run);
  return run;
}

function tailOf({ log }: WorkflowRun): string {
  return readFileSync(log, 'utf8').slice(-4_000);
}

function configuration(): string {
  return `${CONFIGURATION}${SERVING}`;
}

/** The examples of the holdout whose answer is 1. */
function easierExamples(): string {
  const [header = '', ...rows] = String(project['data/holdout.csv']).trim().split('\n');
  return `${[header, ...rows.filter((row) => row.endsWith(',1'))].join('\n')}\n`;
}

/** As if a rollout of the version had ended well; the default branch names where, in a commit that starts no workflow. */
async function serve(version: string): Promise<void> {
  sandbox.remote.commit({
    branch: sandbox.repository.defaultBranch,
    files: { 'trainyard.yml': configuration() },
    message: 'Serve',
    author: 'ada',
  });
  const ledger = createGitLedger({
    remote: sandbox.remote.bare,
    checkout: sandbox.remote.bare,
    clock: systemClock,
    author: { name: 'ada', email: 'ada@example.com' },
    dir: mkdtempSync(path.join(folder, 'ledger-')),
  });
  const appended = await ledger.append(MODEL, (state) => ok(promotionOf(version, state)));
  expect(appended.ok).toBe(true);
}

function promotionOf(version: string, { lastEventAt = systemClock.now() }: LedgerState) {
  const context = {
    ...{ model: MODEL, at: lastEventAt, actor: 'ada', cause: { kind: 'manual', id: 'serve' } as const },
    workflow: { repository: sandbox.repository.fullName, run: '1', attempt: 1, sha: 'a'.repeat(40) },
  };
  const where = {
    rollout: 'r1',
    environment: 'production',
    version,
    package: `${MODEL}@sha256:${'a'.repeat(64)}`,
  };
  return [
    createEvent(context, 'rollout.started', { ...where, hosts: ['a'], stages: [100], alpha: 0.01 }),
    createEvent(context, 'rollout.promoted', { ...where, code: 'first', explanation: 'It was the first.' }),
  ];
}
