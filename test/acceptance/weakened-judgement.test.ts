import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../adapters/clock.ts';
import { hashText } from '../../adapters/data-digest.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import {
  CONFIGURATION,
  WEAKENINGS,
  WITHOUT_SERVING,
  weakenConfiguration,
} from '../../measure/attack/weakenings.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { commentsOf } from '../../sandbox/github/repository.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { openPlace, type Place, tailOf } from './support/open-place.ts';
import { promote } from './support/promote.ts';
import { readTabularProject } from './support/tabular-project.ts';

const MODEL = 'loans';
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
const MUST = 'income,age,region,expect\n90000,60,north,1\n3000,20,east,0\n';
const GENEROUS = '\n\ndef generous(rows):\n    return rows["income"] + 1000000\n\n\nprofit = generous\n';

let place: Place;
let project: Files;
let attacked: WorkflowRun;
/** What the pull request was told, as a reader sees it. */
let report: string;
let judged: z.infer<typeof gateSchema>;

const gateSchema = z.object({
  checks: z.array(
    z.object({
      rule: z.string(),
      metric: z.string(),
      need: z.string(),
      verdict: z.string(),
      challenger: z.number().optional(),
    }),
  ),
});

beforeAll(async () => {
  place = await openPlace({ name: 'weakened', people: { ada: 'admin' } });
  const { sandbox, mlflow, folder, finish } = place;
  project = { ...readTabularProject(folder, WITHOUT_SERVING), 'data/must.csv': MUST };
  const first = await finish(sandbox.push(project, { user: 'ada', message: 'Loans' }));
  expect(outputOf(first, 'judge', 'verdict'), tailOf(first)).toBe('pass');
  // As if a rollout had ended well; the default branch names where, in a commit that starts no workflow.
  const files = { 'trainyard.yml': CONFIGURATION };
  const branch = sandbox.repository.defaultBranch;
  sandbox.remote.commit({ branch, files, message: 'Serve', author: 'ada' });
  expect(await promote(place, { model: MODEL, version: '1' })).toBe(true);

  const pull = sandbox.openPullRequest({
    ...{ user: 'eve', from: 'eve/loans', branch: 'refactor', title: 'Tidy up', files: weaken() },
  });
  attacked = await finish(sandbox.comment('ada', pull.number, `/train ${pull.head?.sha}`));
  report = commentsOf(sandbox.repository, pull.number)
    .map(({ body }) => body)
    .join('\n')
    .replaceAll('\\', '');
  const tracking = createMlflow({ uri: mlflow.url, http: { fetch } }, systemClock);
  const evidence = path.join(folder, 'gate.json');
  await tracking.downloadArtifact(outputOf(attacked, 'train', 'run-id') ?? '', RUN_ARTIFACTS.gate, evidence);
  judged = gateSchema.parse(JSON.parse(readFileSync(evidence, 'utf8')));
}, 900_000);
afterAll(() => place?.close(), 60_000);

describe('a pull request that changes what judges it', () => {
  it.each(WEAKENINGS.map((one) => [one.id, one.tries, one.told] as const))(
    'is told of in its report: %s %s',
    (_id, _tries, told) => {
      expect(report, tailOf(attacked)).toContain(told);
    },
  );

  it('is judged by the default branch’s rules, and by no other', () => {
    expect(judged.checks.map(({ rule, metric, need, verdict }) => [rule, metric, need, verdict])).toEqual([
      ['floor', 'accuracy', '≥ 70.0%', 'fail'],
      ['compare: non-inferior', 'accuracy', 'at most 1.0 pp worse', 'fail'],
      ['floor', 'profit', '≥ −1.00e+6', 'pass'],
      ['examples', 'data/must.csv', 'every example answered as it must be', 'fail'],
      ['floor', 'balanced-accuracy', '≥ 55.0%', 'fail'],
    ]);
  });

  it('is judged on the default branch’s rows, target, answers and metric', () => {
    const rows = readHoldout();
    const value = (metric: string) => judged.checks.find((check) => check.metric === metric)?.challenger;
    expect(value('accuracy')).toBeCloseTo(
      meanOf(rows, ({ label }) => label),
      12,
    );
    const profit = meanOf(rows, ({ label, income }) => (label === 1 ? income : -10 * income) / 1000);
    expect(value('profit')).toBeCloseTo(profit, 6);
    const digest = hashText(String(project['data/holdout.csv']));
    const { sandbox } = place;
    const { holdout, versions } = readLedgerState(sandbox.remote, MODEL);
    expect(holdout).toMatchObject({ path: 'data/holdout.csv', digest });
    const verdicts = readLedger(sandbox.remote, MODEL).filter((event) => event.kind === 'gate.judged');
    expect(verdicts.map(({ data }) => [data.verdict, data.holdoutDigest, data.champion])).toEqual([
      ['pass', digest, undefined],
      ['fail', digest, '1'],
    ]);
    expect(Object.keys(versions)).toEqual(['1']);
  });

  it('goes no further than judge', () => {
    const jobs = ['plan', 'train', 'predict-champion', 'predict', 'judge', 'register'];
    expect(jobs.map((job) => [job, outputOf(attacked, job, 'reason-code') ?? ''])).toEqual([
      ['plan', 'planned'],
      ['train', 'trained'],
      ['predict-champion', 'predicted'],
      ['predict', 'predicted'],
      ['judge', 'gate-failed'],
      ['register', ''],
    ]);
  });
});

/** All that the pull request changes. */
function weaken(): Files {
  const holdout = String(project['data/holdout.csv']);
  const [header = '', ...rows] = holdout.trim().split('\n');
  const easy = rows.filter((row) => row.endsWith(',1'));
  return {
    'trainyard.yml': weakenConfiguration(),
    'train.py': ALWAYS_ONE,
    'data/easy.csv': `${header},always\n${easy.map((row) => `${row},1`).join('\n')}\n`,
    'data/holdout.csv': `${[header, ...easy].join('\n')}\n`,
    'data/must.csv': MUST.split('\n').slice(0, 2).join('\n'),
    'metrics.py': `${String(project['metrics.py'])}${GENEROUS}`,
  };
}

type Row = { readonly income: number; readonly label: number };

/** The holdout of the default branch. */
function readHoldout(): readonly Row[] {
  const [header = '', ...rows] = String(project['data/holdout.csv']).trim().split('\n');
  const names = header.split(',');
  const cell = (row: string, name: string) => Number(row.split(',')[names.indexOf(name)]);
  return rows.map((row) => ({ income: cell(row, 'income'), label: cell(row, 'label') }));
}

function meanOf(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
}
