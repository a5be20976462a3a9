import { expect, it } from 'vitest';
import { describeTouchedFiles } from '../../../core/config/describe-touched-files.ts';

const holdout = {
  path: './data/holdout.csv',
  metrics: { profit: 'metrics.py:profit', loss: 'metrics.py:loss', gain: 'lib/gain.py:gain' },
};

const gate = [{ kind: 'examples', path: './behaviour.csv' }] as const;

it('names the holdout, the code of metrics and the examples that a commit changes, and no other file', () => {
  const paths = ['train.py', 'data/holdout.csv', 'metrics.py', 'data/holdout.csv.md', 'behaviour.csv'];
  const data = { holdout };
  expect(describeTouchedFiles({ data, gate }, paths)).toEqual([
    "This commit changes the file `data/holdout.csv`; judged on the default branch's until it is merged.",
    "This commit changes the file `metrics.py`; judged by the default branch's until it is merged.",
    "This commit changes the file `behaviour.csv`; judged by the default branch's until it is merged.",
  ]);
  expect(describeTouchedFiles({ data, gate }, ['train.py'])).toEqual([]);
  expect(describeTouchedFiles({ data: {}, gate: [] }, paths)).toEqual([]);
});
