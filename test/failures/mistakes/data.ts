import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createFetch } from '../../../actions/job/programs/fetch-data.ts';
import { createLineRunner } from '../../../adapters/programs/shell-line.ts';
import { fileWith } from '../../cli/support/stranger.ts';
import { byCheck, withConfig } from '../support/by-command.ts';
import { answersOf, type Mistake } from '../support/mistake.ts';

const HEAD = 'flat,sold_at,district,rooms,price';
const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n';

function holdoutOf(...lines: readonly string[]) {
  return () => byCheck({ 'ml/data/unseen.csv': `${lines.join('\n')}\n` });
}

/** What a job says of a `data.fetch`, which it runs for real. */
function fetchingBy(fetch: string, runner: 'gpu-runner' | 'control-runner') {
  return () => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'ty-fetch-'));
    onTestFinished(() => rmSync(cwd, { recursive: true }));
    const log = { info: () => {}, warn: () => {}, group: <T>(_: string, work: () => Promise<T>) => work() };
    const runLine = createLineRunner({
      ...{ cwd, python: 'python3', env: { PATH: process.env['PATH'] } },
      ...{ trackingUri: 'http://mlflow', onLine: log.info },
    });
    const { signal } = new AbortController();
    const fetchData = createFetch({ runLine, log, signal, runner, isBoxed: false, mostSeconds: 60 });
    return answersOf(fetchData({ fetch, inputs: [] }));
  };
}

/** What is wrong with data and holdout. */
export const DATA: readonly Mistake[] = [
  {
    does: 'An input of the training is not there',
    place: 'check',
    code: 'data-missing',
    names: /commit/i,
    play: withConfig('sold.csv]', 'sould.csv]'),
  },
  {
    does: 'The holdout is not there',
    place: 'check',
    code: 'data-missing',
    names: /commit/i,
    play: withConfig('unseen.csv', 'unsen.csv'),
  },
  {
    does: 'The holdout is here, and git ignores it',
    place: 'check',
    code: 'data-not-committed',
    names: /git add --force/,
    play: () => byCheck({ '.gitignore': 'unseen.csv\n' }),
  },
  {
    does: 'The program that fetches the data is not installed on the control-runner',
    place: 'job',
    code: 'fetch-program-missing',
    names: /needs dvc3, which the control-runner has not.*Install it there/,
    play: fetchingBy('dvc3 pull data/holdout.csv.dvc', 'control-runner'),
  },
  {
    does: 'The program that fetches the data fails',
    place: 'job',
    code: 'fetch-failed',
    names: /data\.fetch in trainyard\.yml.*exit code 2 on the gpu-runner: .*No such file/,
    play: fetchingBy('ls data/holdout.csv.dvc', 'gpu-runner'),
  },
  {
    does: 'The holdout is a pointer of Git LFS',
    place: 'check',
    code: 'holdout-is-an-lfs-pointer',
    names: /lfs: true.*git lfs pull/,
    play: holdoutOf(POINTER),
  },
  {
    does: 'Git LFS keeps the data, and the workflow fetches none of it',
    place: 'check',
    code: 'lfs-left-out',
    names: /lfs: true/,
    play: () => byCheck({ '.gitattributes': '*.csv filter=lfs diff=lfs merge=lfs -text\n' }),
  },
  {
    does: 'The holdout has a header and no rows',
    place: 'check',
    code: 'holdout-empty',
    names: /unseen\.csv/,
    play: holdoutOf(HEAD),
  },
  {
    does: 'The target is no column of the holdout',
    place: 'check',
    code: 'holdout-column-missing',
    names: /price.*data\.holdout\.target/,
    play: withConfig('target: price', 'target: prize'),
  },
  {
    does: 'Examples of the holdout have no label',
    place: 'check',
    code: 'holdout-label-missing',
    names: /leave them out/,
    play: holdoutOf(HEAD, 'b,2026-02-01,north,3,151000', 'c,2026-02-02,south,1,', 'd,2026-02-03,south,1,nan'),
  },
  {
    does: 'Two examples of the holdout have the same id',
    place: 'check',
    code: 'holdout-id-repeated',
    names: /own id/,
    play: holdoutOf(HEAD, 'b,2026-02-01,north,3,151000', 'b,2026-02-02,south,1,73500'),
  },
  {
    does: 'A slice is no column of the holdout',
    place: 'check',
    code: 'holdout-column-missing',
    names: /quarter.*data\.holdout\.slices/,
    play: withConfig('[district]', '[quarter]'),
  },
  {
    does: 'The holdout is an Excel file',
    place: 'check',
    code: 'holdout-format',
    names: /\.csv/,
    play: () =>
      byCheck({
        ...fileWith('trainyard.yml', 'unseen.csv', 'unseen.xlsx'),
        'ml/data/unseen.xlsx': 'PK\u0003\u0004',
      }),
  },
];
