import { expect, it } from 'vitest';
import { describeTouchedFiles } from '../../../core/config/describe-touched-files.ts';

const holdout = {
  path: './data/holdout.csv',
  metrics: { profit: 'metrics.py:profit', loss: 'metrics.py:loss', gain: 'lib/gain.py:gain' },
};

it('names the holdout and the code of metrics that a commit changes, and no other file', () => {
  const paths = ['train.py', 'data/holdout.csv', 'metrics.py', 'data/holdout.csv.md'];
  expect(describeTouchedFiles(holdout, paths)).toEqual([
    "This commit changes the file `data/holdout.csv`; judged on the default branch's until it is merged.",
    "This commit changes the file `metrics.py`; judged by the default branch's until it is merged.",
  ]);
  expect(describeTouchedFiles(holdout, ['train.py'])).toEqual([]);
  expect(describeTouchedFiles(undefined, paths)).toEqual([]);
});
