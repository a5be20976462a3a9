import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from '../../cli/check/check.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { addSubmodule, createStranger, fileWith, writeInto } from './support/stranger.ts';

const CALLER = '.github/workflows/trainyard.yml';
const template = readFileSync(path.join(ROOT, 'workflows-templates', 'trainyard.yml'), 'utf8');

async function look(folder: string, env: Readonly<Record<string, string>> = {}) {
  return check({ folder, file: 'trainyard.yml', env, root: ROOT });
}

/** What is wrong, as `level code place`. */
async function flawsOf(
  changes: Parameters<typeof createStranger>[0],
  env: Readonly<Record<string, string>> = {},
) {
  const checked = await look(createStranger(changes), env);
  return checked.flatMap((one) => {
    if (one.kind !== 'flawed') return [];
    const { code, where } = one.problem;
    const place = where?.kind === 'file' ? `${where.file}:${where.line}` : 'nowhere';
    return [`${one.level} ${code} ${place}`];
  });
}

function callerWith(part: string, other: string): Record<string, string> {
  expect(template).toContain(part);
  return { [CALLER]: template.replace(part, other) };
}

describe('check', () => {
  test('finds nothing wrong with a repository that is right, and says what it looked at', async () => {
    const checked = await look(createStranger());
    expect(checked.filter(({ kind }) => kind !== 'fine')).toEqual([]);
    expect(checked.map(({ subject }) => subject)).toEqual([
      ...[
        'configuration',
        'project',
        'data.inputs',
        'data.holdout',
        'data.holdout',
        'workflows',
        'workflows',
      ],
    ]);
  });

  test.each([
    ['a misspelt key', 'margin: 2%', 'margn: 2%', 'unknown-key trainyard.yml:9'],
    ['an unknown metric', 'metric: mae', 'metric: f1-macro', 'unknown-metric trainyard.yml:9'],
    ['an entry point that is none', 'train: fit', 'train: fitt', 'unknown-entry-point trainyard.yml:4'],
    [
      'a parameter that MLproject has not',
      'trees: 300',
      'tree: 300',
      'unknown-project-parameter trainyard.yml:4',
    ],
    ['a fraction for a whole number', 'trees: 300', 'trees: 1.5', 'bad-parameter trainyard.yml:4'],
    ['a text for a number', 'rate: 0.05', 'rate: fast', 'bad-parameter trainyard.yml:4'],
    [
      'no value for a parameter without a default',
      ', rate: 0.05',
      '',
      'missing-project-parameter trainyard.yml:4',
    ],
    ['an input that is not there', 'sold.csv]', 'sould.csv]', 'data-missing trainyard.yml:6'],
    ['a holdout that is not there', 'unseen.csv', 'unsen.csv', 'data-missing trainyard.yml:7'],
    [
      'a target that is no column',
      'target: price',
      'target: prize',
      'holdout-column-missing trainyard.yml:7',
    ],
    ['a time that is no column', 'time: sold_at', 'time: sold', 'holdout-column-missing trainyard.yml:7'],
    [
      'a metric of another task',
      'gate:\n',
      'answers: { task: multiclass }\ngate:\n',
      'metric-not-for-task trainyard.yml:10',
    ],
    [
      'a metric of one’s own whose file is not there',
      'slices: [district]',
      'metrics: { iou: masks.py:iou }',
      'data-missing trainyard.yml:7',
    ],
    ['a slice that is no column', '[district]', '[quarter]', 'holdout-column-missing trainyard.yml:7'],
  ])('tells %s, at its line', async (_, part, other, flaw) => {
    expect(await flawsOf(fileWith('trainyard.yml', part, other))).toEqual([`error ${flaw}`]);
  });

  test('tells a metric of one’s own that its file has not', async () => {
    const named = fileWith('trainyard.yml', 'slices: [district]', 'metrics: { profit: own.py:profit }');
    const flaws = (code: string) => flawsOf({ ...named, 'own.py': code });
    expect(await flaws('def profits(table): ...\n')).toEqual([
      'error metric-function-missing trainyard.yml:7',
    ]);
    expect(await flaws('def profit(table): ...\n')).toEqual([]);
    expect(await flaws('from other import *\n')).toEqual([]);
  });

  test('warns of a gate that no first model passes, where there has been none', async () => {
    const unbounded = fileWith('trainyard.yml', 'ceiling: 9000, ', '');
    expect(await flawsOf(unbounded)).toEqual(['warning no-first-limit trainyard.yml:9']);
    expect(await flawsOf(unbounded, { GITHUB_ACTIONS: 'true' })).toEqual([]);
    const begun = createStranger(unbounded);
    execFileSync('git', ['update-ref', 'refs/remotes/origin/trainyard', 'HEAD'], { cwd: begun });
    expect((await look(begun)).filter(({ kind }) => kind === 'flawed')).toEqual([]);
    const judged = fileWith(
      'trainyard.yml',
      '- { metric: mae, ceiling: 9000',
      '- { mlflow: mean_absolute_error, threshold: 9000, greater-is-better: false }\n  - { metric: mae',
    );
    expect(await flawsOf(judged)).toEqual([]);
  });

  test.each([
    [
      'a branch that nobody fills in',
      "branches: ['**']",
      'branches: [$default-branch]',
      'branch-unfilled',
      'branches: [',
    ],
    ['another branch', "branches: ['**']", 'branches: [main]', 'other-branch', 'branches: ['],
    ['a secret of another name', 'agent-token:', 'agents-token:', 'unknown-secret', 'agents-token:'],
    ['an input of another name', 'detach:', 'detatch:', 'unknown-input', 'detatch:'],
    ['a permission too few', 'contents: write', 'contents: read', 'permissions-missing', 'contents: read'],
    ['labels that are no JSON', `'["self-hosted", "gpu"]'`, 'gpu', 'runner-not-json', 'gpu-runner:'],
  ])('tells of a workflow with %s', async (_, part, other, code, stands) => {
    const changed = callerWith(part, other);
    const flaws = await flawsOf(changed);
    const line = 1 + (changed[CALLER]?.split('\n').findIndex((one) => one.includes(stands)) ?? 0);
    expect(flaws.filter((flaw) => flaw.startsWith('error'))).toEqual([`error ${code} ${CALLER}:${line}`]);
  });

  test('warns of a workflow that names no permissions: by default a repository gives too few', async () => {
    const bare = template.replace(/^permissions: .*\n/m, '').replace(/^ {4}permissions:\n(?: {6}.*\n)+/m, '');
    expect(bare).not.toContain('permissions:');
    const line = 1 + bare.split('\n').findIndex((one) => one.startsWith('  trainyard:'));
    expect(await flawsOf({ [CALLER]: bare })).toEqual([`warning permissions-unnamed ${CALLER}:${line}`]);
  });

  test('tells that no workflow calls the pipeline, and that none calls the monitor', async () => {
    const flaws = await flawsOf({
      [CALLER]: undefined,
      '.github/workflows/trainyard-monitor.yml': undefined,
    });
    expect(flaws).toEqual(['error no-pipeline nowhere', 'warning no-monitor nowhere']);
  });

  test('tells a configuration that is too large, and not to write another', async () => {
    const [one] = await look(createStranger({ 'trainyard.yml': '#'.repeat(100_000) }));
    expect(one?.kind === 'flawed' && one.problem).toMatchObject({
      code: 'config-too-large',
      remedy: 'Keep in it what Trainyard reads, and nothing else.',
    });
  });

  test('warns of a variable that has no value here, and checks the rest all the same', async () => {
    const changes = fileWith('trainyard.yml', 'path: ml/data/unseen.csv', `path: "\${FLATS}/unseen.csv"`);
    expect(await flawsOf(changes)).toEqual([
      'warning missing-variable trainyard.yml:7',
      'error data-missing trainyard.yml:7',
    ]);
    expect(await flawsOf(changes, { FLATS: 'ml/data' })).toEqual([]);
  });

  test('tells data that are here and in no clone', async () => {
    const folder = createStranger({
      ...fileWith('trainyard.yml', 'unseen.csv', 'new.csv'),
      '.gitignore': 'sold.csv\n',
      'ml/data/sold.csv': undefined,
    });
    writeInto(folder, 'ml/data/new.csv', 'flat,sold_at,district,price\nb,2026-02-01,north,151000\n');
    writeInto(folder, 'ml/data/sold.csv', 'flat,price\na,1\n');
    const flawed = (await look(folder)).flatMap((one) => (one.kind === 'flawed' ? [one.problem] : []));
    expect(flawed.map(({ code }) => code)).toEqual(['data-not-committed', 'data-not-committed']);
    expect(flawed[0]?.message).toContain('git ignores it');
    expect(flawed[1]?.message).toContain('not committed');
  });

  test('leaves data that a command brings to it, says to run it first, and takes what it has brought', async () => {
    const data = { 'ml/data/sold.csv': undefined, 'ml/data/unseen.csv': undefined, '.gitignore': '*.csv\n' };
    const folder = createStranger({
      ...fileWith('trainyard.yml', 'data:\n', 'data:\n  fetch: dvc pull ml/data.dvc\n'),
      ...data,
    });
    const notes = (await look(folder)).filter(({ kind }) => kind !== 'fine');
    expect(notes.map((one) => (one.kind === 'passed-over' ? one.text : one.kind))).toEqual(
      ['ml/data/sold.csv', 'ml/data/unseen.csv'].map(
        (file) =>
          `${file} is for data.fetch to bring. To have it looked at, run that command here first: dvc pull ml/data.dvc`,
      ),
    );
    writeInto(folder, 'ml/data/sold.csv', 'flat,price\na,1\n');
    writeInto(
      folder,
      'ml/data/unseen.csv',
      'flat,sold_at,district,rooms,cost\nb,2026-02-01,north,3,151000\n',
    );
    const flawed = (await look(folder)).flatMap((one) => (one.kind === 'flawed' ? [one.problem.code] : []));
    expect(flawed).toEqual(['holdout-column-missing']);
  });

  test('warns of a parameter that MLproject does not declare, and MLflow hands on', async () => {
    const changes = fileWith('trainyard.yml', 'rate: 0.05', 'rate: 0.05, momentum: 0.9');
    expect(await flawsOf(changes)).toEqual(['warning undeclared-project-parameter trainyard.yml:4']);
  });

  test('takes data of a submodule for committed', async () => {
    const folder = createStranger(
      fileWith('trainyard.yml', 'path: ml/data/unseen.csv', 'path: shared/unseen.csv'),
    );
    addSubmodule(folder, 'shared');
    const flaws = async () => (await look(folder)).filter(({ kind }) => kind === 'flawed');
    expect(await flaws()).toEqual([]);
    writeInto(
      folder,
      'shared/unseen.csv',
      'flat,sold_at,district,rooms,price\nb,2026-02-01,north,3,151000\n',
    );
    expect(await flaws()).toEqual([]);
  });

  test('tells data that Git LFS keeps and jobs leave out', async () => {
    const lfs = { '.gitattributes': '*.csv filter=lfs diff=lfs merge=lfs -text\n' };
    const line = 1 + template.split('\n').findIndex((one) => one.startsWith('      gpu-runner:'));
    expect(await flawsOf(lfs)).toEqual([`error lfs-left-out ${CALLER}:${line}`]);
    expect(await flawsOf({ ...lfs, ...callerWith('detach: auto', 'lfs: true') })).toEqual([]);
  });
});
