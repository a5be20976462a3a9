import { TASKS, type Task } from '../../answers/contract.ts';
import { didYouMean } from '../../did-you-mean.ts';
import type { Problem } from '../../errors.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Side } from '../predictions.ts';
import type { Margin, MetricDetail } from '../rules/rule.ts';
import { CONFUSION_METRICS } from './confusion.ts';
import { DETAILED_METRICS, detailMetric } from './detailed.ts';
import { alwaysDefined, type Metric, type RowMetric } from './metric.ts';
import { MULTILABEL_METRICS, ofOneLabel } from './multilabel.ts';
import { pinballOf, QUANTILE_METRICS } from './quantiles.ts';
import { findCutMetric, QUERY_METRICS } from './queries.ts';
import { REGRESSION_METRICS } from './regression.ts';
import { SCORE_METRICS } from './score.ts';

const METRICS: readonly Metric[] = [
  ...CONFUSION_METRICS,
  ...SCORE_METRICS,
  ...REGRESSION_METRICS,
  ...DETAILED_METRICS,
  ...MULTILABEL_METRICS,
  ...QUANTILE_METRICS,
  ...QUERY_METRICS,
];

/** Other names people use, MLflow's and scikit-learn's among them, written with dashes. */
const ALIASES: Readonly<Record<string, string>> = {
  'accuracy-score': 'accuracy',
  'balanced-accuracy-score': 'balanced-accuracy',
  'f1-score': 'f1',
  'precision-score': 'precision',
  'recall-score': 'recall',
  sensitivity: 'recall',
  'matthews-corrcoef': 'mcc',
  logloss: 'log-loss',
  'cross-entropy': 'log-loss',
  'brier-score': 'brier',
  'brier-score-loss': 'brier',
  auc: 'roc-auc',
  'roc-auc-score': 'roc-auc',
  'auc-roc': 'roc-auc',
  'pr-auc': 'average-precision',
  'precision-recall-auc': 'average-precision',
  'average-precision-score': 'average-precision',
  'expected-calibration-error': 'ece',
  'mean-absolute-error': 'mae',
  'mean-squared-error': 'mse',
  'root-mean-squared-error': 'rmse',
  'mean-pinball-loss': 'mean-pinball',
  'quantile-loss': 'pinball',
  'mean-absolute-percentage-error': 'mape',
  'r2-score': 'r2',
  'exact-match': 'subset-accuracy',
  'jaccard-score': 'jaccard',
  'label-ranking-ap': 'label-ranking-average-precision',
  'label-ranking-average-precision-score': 'label-ranking-average-precision',
  'ndcg-score': 'ndcg',
  'mean-average-precision': 'map',
  'mean-reciprocal-rank': 'mrr',
  lrap: 'label-ranking-average-precision',
};

/** The names of the metrics that suit a task, or of all. */
export function metricNames(task?: Task): readonly string[] {
  const suiting = METRICS.filter((metric) => task === undefined || metric.tasks.includes(task));
  return [...new Set(suiting.map(({ name }) => name))];
}

/** A metric as a page about it names it. */
export type DescribedMetric = Pick<Metric, 'name' | 'direction' | 'tasks'> & {
  readonly otherNames: readonly string[];
};

/** All metrics with their other names; one name that several tasks have is one metric. */
export function describeMetrics(): readonly DescribedMetric[] {
  const firsts = METRICS.filter(({ name }, place) => METRICS.findIndex((one) => one.name === name) === place);
  return firsts.map(({ name, direction }) => ({
    ...{ name, direction },
    tasks: METRICS.filter((one) => one.name === name).flatMap(({ tasks }) => tasks),
    otherNames: Object.keys(ALIASES).filter((alias) => ALIASES[alias] === name),
  }));
}

/** The metric of that name or alias for `task` with what a rule says of it, else a problem that names the nearest one. */
export function findMetric(name: string, task: Task, detail: MetricDetail = {}): Result<Metric, Problem> {
  const metric = lookUp(name, task);
  if (metric?.tasks.includes(task)) return ok(withDetail(metric, task, detail));
  return err(metric === undefined ? unknownMetric(name, task) : wrongTask(metric, task));
}

function withDetail(metric: Metric, task: Task, detail: MetricDetail): Metric {
  if (task === 'multilabel' && detail.class !== undefined) return ofOneLabel(metric.name, detail.class);
  if (task === 'quantiles' && detail.quantile !== undefined) return pinballOf(detail.quantile);
  return detailMetric(metric, detail);
}

/** How reports call the metric of a rule, and its unit, before a model is known; one of the user's own is a number. */
export function nameMetric(
  name: string,
  { task, detail = {} }: { readonly task?: Task | undefined; readonly detail?: MetricDetail | undefined },
): Pick<Metric, 'name' | 'unit'> {
  const metric = lookUp(name, task);
  if (metric === undefined) return { name, unit: 'number' };
  return task === undefined ? detailMetric(metric, detail) : withDetail(metric, task, detail);
}

/** Whether there is a metric of that name or alias, for some task. */
export function isMetric(name: string): boolean {
  return lookUp(name) !== undefined;
}

/** Which way is better for a metric of that name or alias; `undefined` where it is none of ours. */
export function directionOf(name: string): Metric['direction'] | undefined {
  return lookUp(name)?.direction;
}

/** MLflow's own means over many classes: by their rows, where the plain name is the mean over classes. */
const WEIGHTED_BY_MLFLOW: readonly string[] = ['f1-score', 'precision-score', 'recall-score', 'roc-auc'];

/** The metric that MLflow logs under `name` for `task`, by its own definition; another of ours by that name. */
export function findMlflowMetric(name: string, task: Task): Result<Metric, Problem> {
  const dashed = dash(name);
  const isWeighted = task === 'multiclass' && WEIGHTED_BY_MLFLOW.includes(dashed);
  return findMetric(isWeighted ? `${canonicalName(dashed)}-weighted` : name, task);
}

/** The metric whose name or alias is nearest to what was written; with `most`, at most so many letters apart. */
export function nearestMetric(written: string, most?: number): string | undefined {
  const nearest = didYouMean(written, [...metricNames(), ...Object.keys(ALIASES)], most);
  return nearest === undefined ? undefined : canonicalName(nearest);
}

/** A metric of the user's own that the predictions carry row by row; its mean is the metric, higher is better. */
export function rowMetric(name: string, side: Side): RowMetric | undefined {
  if (!Object.hasOwn(side.rowMetrics, name)) return undefined;
  return {
    name,
    method: 'rows',
    direction: 'higher',
    unit: 'number',
    tasks: TASKS,
    whyUndefined: alwaysDefined,
    rowValues: (_, { rowMetrics }) => rowMetrics[name] ?? new Float64Array(),
    unseenHarm: ({ champion, challenger }, { ofAll }) =>
      spreadOf(champion.rowMetrics[name], challenger.rowMetrics[name]) * ofAll,
  };
}

/** Nobody has said how low a row's value can be; taken is the spread of what both models' rows show. */
function spreadOf(...columns: readonly (Float64Array | undefined)[]): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const column of columns) {
    for (const value of column ?? []) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return Math.max(0, high - low);
}

/** The name that a metric's other names stand for. */
export function metricName(name: string): string {
  return canonicalName(name);
}

/** The margin when the user names none: half a point for rates, .005 for other scores, 1% of the champion's value for losses. */
export function defaultMargin(name: string): Margin {
  return lookUp(name)?.direction === 'lower' ? { relative: 0.01 } : 0.005;
}

/** The metric of that name, for the task where there is one: a name may mean the same of classes and of labels, and be computed otherwise. */
function lookUp(name: string, task?: Task): Metric | undefined {
  const canonical = canonicalName(name);
  const named = METRICS.filter((candidate) => candidate.name === canonical);
  return (
    named.find(({ tasks }) => task === undefined || tasks.includes(task)) ??
    named[0] ??
    findCutMetric(canonical)
  );
}

function canonicalName(name: string): string {
  const dashed = dash(name);
  return Object.hasOwn(ALIASES, dashed) ? (ALIASES[dashed] ?? dashed) : dashed;
}

function dash(name: string): string {
  return name.trim().toLowerCase().replaceAll('_', '-');
}

function unknownMetric(name: string, task: Task): Problem {
  const names = metricNames(task);
  const alias = didYouMean(name, Object.keys(ALIASES));
  const nearest = didYouMean(name, names) ?? (alias === undefined ? undefined : canonicalName(alias));
  const known = `Metrics for ${task}: ${names.join(', ')}; or one that the run logged.`;
  return {
    code: 'unknown-metric',
    message: `There is no metric ${JSON.stringify(name)}.`,
    remedy: nearest === undefined ? known : `Did you mean ${nearest}? ${known}`,
  };
}

function wrongTask(metric: Metric, task: Task): Problem {
  return {
    code: 'metric-not-for-task',
    message: `${metric.name} is a metric for ${metric.tasks.join(' and ')}, and this model does ${task}.`,
    remedy: `Use one of ${[...metricNames(task), 'a metric of your own (`data.holdout.metrics`)'].join(', ')}.`,
  };
}
