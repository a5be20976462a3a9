import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { check } from '../../cli/check/check.ts';
import { UserError } from '../../core/errors.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { BEFORE, runInit } from './support/run-init.ts';
import { createStranger } from './support/stranger.ts';

/** A search in a shop: offers of two queries, and how well each did. */
const OFFERS = ['query,price,relevance', 'a,3,2', 'a,4,0', 'b,3,0', 'b,5,1', ''].join('\n');
const ASKED = ['--model', 'flats', '--parameter', 'rate=0.05'];

test('writes a ranking with its queries, and counts those', async () => {
  const folder = createStranger({ ...BEFORE, 'ml/data/unseen.csv': OFFERS });
  const said = ['--target', 'relevance', '--task', 'ranking', '--group', 'query', '--limit', '0.8'];
  expect((await runInit(folder, [...ASKED, ...said])).code).toBe(0);
  const text = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
  expect(text).toContain('group: query #');
  expect(text).toContain('answers: { task: ranking } #');
  expect(text).toContain('- { metric: ndcg, floor: 0.8, require: non-inferior, margin: 5pp }');
  expect(text).toMatch(/The 2 queries of the holdout are too few/);
  const checked = await check({
    folder,
    file: 'trainyard.yml',
    env: { MLFLOW_TRACKING_URI: 'http://mlflow' },
    root: ROOT,
  });
  expect(checked.filter((one) => one.kind === 'flawed' && one.level === 'error')).toEqual([]);
});

test('writes a free text with the metric that judges it', async () => {
  const rows = Array.from({ length: 40 }, (_, row) => `${row},text ${row}`);
  const folder = createStranger({
    ...BEFORE,
    ...{ 'ml/data/unseen.csv': ['a,runs', ...rows, ''].join('\n'), 'masks.py': 'def iou(table): ...\n' },
  });
  const said = ['--target', 'runs', '--task', 'text', '--measure', 'iou=masks.py:iou', '--limit', '0.6'];
  expect((await runInit(folder, [...ASKED, ...said])).code).toBe(0);
  const text = readFileSync(path.join(folder, 'trainyard.yml'), 'utf8');
  expect(text).toContain('metrics: { iou: masks.py:iou } #');
  expect(text).toContain('answers: { task: text } #');
  expect(text).toContain('- { metric: iou, floor: 0.6, require: non-inferior, margin: 10% }');
  const checked = await check({
    folder,
    file: 'trainyard.yml',
    env: { MLFLOW_TRACKING_URI: 'http://mlflow' },
    root: ROOT,
  });
  expect(checked.filter(({ kind }) => kind === 'flawed')).toEqual([]);
});

test.each([
  ['texts of which hardly two are the same', ['--target', 'runs'], 'which-task', '--task text'],
  ['rows of queries', ['--target', 'relevance'], 'which-task', '--task ranking --group query'],
  ['a ranking without queries', ['--target', 'relevance', '--task', 'ranking'], 'which-group', '--group'],
  ['a text that nothing judges', ['--target', 'runs', '--task', 'text'], 'which-measure', '--measure'],
  [
    'a measure that is none',
    ['--target', 'runs', '--task', 'text', '--measure', 'iou'],
    'usage',
    'NAME=FILE',
  ],
  [
    'a group that is no column',
    ['--target', 'runs', '--task', 'binary', '--group', 'x'],
    'which-group',
    '--group',
  ],
  ['a task that it proposes nothing for', ['--target', 'runs', '--task', 'open'], 'usage', 'answers.md'],
])('takes %s for no classes, and asks', async (_, said, code, remedy) => {
  const rows = Array.from({ length: 40 }, (_none, row) => `${row % 4},${row},${row % 3},text ${row}`);
  const folder = createStranger({
    ...{ ...BEFORE, 'ml/data/unseen.csv': ['query,price,relevance,runs', ...rows, ''].join('\n') },
  });
  const thrown: unknown = await runInit(folder, [...ASKED, ...said]).catch((error: unknown) => error);
  if (!(thrown instanceof UserError)) throw new Error('It asks for nothing.');
  expect(thrown.problems).toEqual([
    expect.objectContaining({ code, remedy: expect.stringContaining(remedy) }),
  ]);
});
