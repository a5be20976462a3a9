import type { TrackingRun } from '../ports.ts';
import type { InitialSetup, JudgedTask } from './initial-setup.ts';

/** What a first model has to show at least, and where that comes from. */
type FirstLimit = NonNullable<InitialSetup['limit']>;

/** Names of metrics that a model of each task is told of by, as the last part of a name: `val_accuracy`, `test-mae`. */
const TELLS = {
  classification: /(?:^|[_./ -])(?:accuracy|acc|f1|f1[_-]score|auc|roc[_-]auc|log[_-]loss)$/i,
  regression: /(?:^|[_./ -])(?:mae|mse|rmse|mape|r2|mean[_-]absolute[_-]error|mean[_-]squared[_-]error)$/i,
} as const;
/** The metric that models are compared by, in a run's own names; a measure of one's own is called as one likes. */
const COMPARED: Readonly<Record<JudgedTask, RegExp | undefined>> = {
  classification: /(?:^|[_./ -])(?:accuracy|acc)$/i,
  regression: /(?:^|[_./ -])(?:mae|mean[_-]absolute[_-]error)$/i,
  ranking: /(?:^|[_./ -])ndcg$/i,
  text: undefined,
};
const OF_TRAINING = /^(?:train|training|fit)(?:ing)?[_./ -]/i;

/** A holdout is other data than what the run was told by: so much worse may a first model be on it. */
const LOST_ACCURACY = 0.05;
const GROWN_ERROR = 1.2;

/** What a run of the project tells of its models: their task where nobody said it and its metrics name one alone, and how good a first one can be. */
export function learnFromRun(
  { runId, metrics }: Pick<TrackingRun, 'runId' | 'metrics'>,
  { said, seen }: { readonly said?: JudgedTask; readonly seen: JudgedTask },
): { readonly task: JudgedTask; readonly limit: FirstLimit | undefined } {
  const names = Object.keys(metrics);
  const told = (['classification', 'regression'] as const).filter((task) =>
    names.some((name) => TELLS[task].test(name)),
  );
  const [only] = told;
  const task = said ?? (only !== undefined && told.length === 1 ? only : seen);
  const compared = names.filter((name) => COMPARED[task]?.test(name) === true);
  const name = compared.find((one) => !OF_TRAINING.test(one)) ?? compared[0];
  const value = name === undefined ? undefined : metrics[name];
  if (name === undefined || value === undefined || !Number.isFinite(value)) return { task, limit: undefined };
  const from = `the run ${runId} had ${name} ${Number(value.toPrecision(4))}`;
  return { task, limit: { value: limitOf(task, value), from } };
}

function limitOf(task: JudgedTask, value: number): number {
  if (task === 'regression') return Number((value * GROWN_ERROR).toPrecision(2));
  return Math.max(0, Math.floor((value - LOST_ACCURACY) * 100) / 100);
}
