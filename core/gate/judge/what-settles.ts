import { MIN_GROUPS, MIN_PER_CLASS, MIN_ROWS } from '../comparison/comparison.ts';

/** For each reason that leaves a check undecided, what would decide it. Reasons that come with a problem have its remedy instead. */
const SETTLED_BY: Readonly<Record<string, string>> = {
  'too-few-rows': `a holdout of at least ${MIN_ROWS} rows; thousands for margins under a point.`,
  'too-few-groups': `holdout rows of at least ${MIN_GROUPS} groups.`,
  'too-few-of-a-class': `at least ${MIN_PER_CLASS} holdout rows of each class; hundreds for small margins.`,
  'costs-incomplete': 'a cost for each true class and each wrong answer, under `costs`.',
  'class-absent': 'holdout rows of that class, or the class by the name that the labels have.',
  'one-class-only': 'holdout rows of every class.',
  'all-ties': 'a model whose scores differ from row to row.',
  'no-scores': 'probabilities in the predictions: log a model that gives them.',
  'not-probabilities': 'scores between 0 and 1, or a metric that only ranks, such as roc-auc.',
  'no-relevant-rows': 'holdout queries with rows whose relevance is above 0.',
  'negative-relevance': 'a relevance of 0 or more in each row of the holdout, or map or mrr.',
  'quantile-absent': 'one of the quantiles that the model predicts (`answers.quantiles`).',
  'constant-target': 'holdout rows whose target values differ.',
  'zero-target': 'another metric, such as mae.',
  'not-finite-metric': 'predictions of ordinary size.',
  'unknown-column': 'the column named under data.holdout.slices, so that the predictions carry it.',
  'guard-without-power': 'slices by a column of fewer values, or guards on fewer columns.',
  'no-slice-large-enough': `more holdout rows per slice, at least ${MIN_ROWS}.`,
  'no-groups-large-enough': `more holdout rows per group, at least ${MIN_ROWS} that count.`,
  'metric-not-for-task': 'a rule that suits the task.',
  'examples-not-asked':
    'all jobs run again: the one that predicts and the one that judges must read the same file.',
  'examples-unanswerable': 'numbers, or classes by the names that the labels have, under `expect`.',
  'examples-not-for-task': 'rules on the metrics of the task in place of examples.',
  'examples-without-order': '`same`, or probabilities in the predictions.',
  'not-measured': 'a measurement of the built package.',
  'not-a-size': 'the size of the package in bytes.',
  'not-a-latency': 'latencies in milliseconds, each finite and not negative.',
};

/** What would settle a check of `metric` that is undecided for this reason; `undefined` where a problem says it. */
export function whatSettles(code: string, metric: string): string | undefined {
  const by = SETTLED_BY[code];
  return by === undefined ? undefined : `${metric}: ${by}`;
}
