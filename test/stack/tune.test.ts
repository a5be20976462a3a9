import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { readTemplate } from '../../sandbox/runner/staged-trainyard.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { type Stack, startStack } from '../../sandbox/stack/stack.ts';

const WORKFLOW = 'trainyard.yml';
const TRIALS = 6;

const root = mkdtempSync(path.join(tmpdir(), 'trainyard-tune-'));
// PostgreSQL runs as a user of its own where root runs the tests.
execFileSync('chmod', ['755', root]);
let stack: Stack;
let sandbox: Sandbox;

/** A project whose search is as docs/search.md has it: its storage by the name of the secret. */
const FILES = {
  MLproject:
    'name: waits\nentry_points: { main: { parameters: { x: float }, command: "python wait.py {x}" } }\n',
  'wait.py': [
    ...['import sys, time', 'import mlflow', 'x = float(sys.argv[1])', 'with mlflow.start_run():'],
    ...['    time.sleep(1)', '    mlflow.log_metric("loss", (x - 1) ** 2)', ''],
  ].join('\n'),
  'holdout.csv': 'x,y\n1,2\n',
  [WORKFLOW]: [
    ...['version: 1', 'model: waits', 'project: { parameters: { x: 0 } }'],
    'data: { holdout: { path: holdout.csv, target: y } }',
    'search:',
    `  { trials: ${TRIALS}, runners: 2, storage: "\${OPTUNA_STORAGE}", metric: loss, direction: minimize, space: { x: { uniform: [-5, 5] } } }`,
    ...['gate: [{ metric: mae, ceiling: 1 }]', ''],
  ].join('\n'),
};

beforeAll(async () => {
  stack = await startStack(path.join(root, 'stack'));
  const { MLFLOW_TRACKING_URI = '', OPTUNA_STORAGE = '' } = stack.environment;
  sandbox = await startSandbox({
    ...{ folder: path.join(root, 'github'), people: { ada: 'maintain' } },
    ...{ variables: { MLFLOW_TRACKING_URI }, secrets: { OPTUNA_STORAGE } },
  });
});
afterAll(async () => {
  await sandbox.stop();
  await stack.stop();
  rmSync(root, { recursive: true, force: true });
});

test('a search by /tune is tried on two runners at once, on the storage that the secret names, and is on record', async () => {
  const files = { ...FILES, [`.github/workflows/${WORKFLOW}`]: readTemplate(ROOT, WORKFLOW) };
  sandbox.remote.commit({ branch: 'main', files, message: 'Wait', author: 'ada' });
  const title = { [TITLE_PAGE]: newTitlePage() };
  sandbox.remote.commit({ branch: LEDGER_BRANCH, files: title, message: 'Begin', author: 'ada' });
  const [run] = sandbox.manual(WORKFLOW, { operation: 'tune' }, 'ada');
  if (run === undefined) throw new Error(`${WORKFLOW} was not started`);
  await sandbox.finished(run);
  const log = readFileSync(run.log, 'utf8');
  for (const job of ['train', 'search-along', 'propose', 'report']) {
    expect([job, run.jobs.get(job)?.result], log).toEqual([job, 'success']);
  }
  const workers = new Set(
    [...log.matchAll(/Trial \d+ begins \((?<host>[\w-]+)\/0\)/g)].map(([, host]) => host),
  );
  expect(workers).toEqual(new Set(['job', 'runner-2']));
  const [training] = Object.values(readLedgerState(sandbox.remote, 'waits').trainings);
  expect(training?.search).toMatchObject({ asked: TRIALS, complete: TRIALS, pruned: 0 });
  expect(run.leaks).toEqual([]);
});
