import { expect, test } from 'vitest';
import { learnFromRun } from '../../../core/init/learn-from-run.ts';

const of = (
  metrics: Readonly<Record<string, number>>,
  seen: 'classification' | 'regression' = 'regression',
) => learnFromRun({ runId: 'r1', metrics }, { seen });

test.each<[Readonly<Record<string, number>>, string, number | undefined]>([
  [{ val_accuracy: 0.934, train_loss: 0.1 }, 'classification', 0.88],
  [{ training_accuracy_score: 0.99, accuracy: 0.91, train_accuracy: 0.99 }, 'classification', 0.86],
  [{ 'test/mae': 83.21, rmse: 120 }, 'regression', 100],
  [{ mean_absolute_error: 0.0123 }, 'regression', 0.015],
  // Metrics of both tell neither.
  [{ accuracy: 0.9, mae: 3 }, 'regression', 3.6],
  // Told of by another metric than the one that models are compared by.
  [{ auc: 0.97 }, 'classification', undefined],
  [{ mae: Number.NaN }, 'regression', undefined],
  [{ loss: 3 }, 'regression', undefined],
  [{ accuracy: 0.02 }, 'classification', 0],
])('%j tells of %s and %s', (metrics, task, value) => {
  const learned = of(metrics);
  expect(learned.task).toBe(task);
  expect(learned.limit?.value).toBe(value);
});

test('takes a metric of other data than training where there is one', () => {
  expect(of({ train_mae: 1, val_mae: 10 }).limit).toEqual({ value: 12, from: 'the run r1 had val_mae 10' });
  expect(of({ train_mae: 1 }).limit?.value).toBe(1.2);
});

test('leaves a task that somebody said, and takes its metric alone', () => {
  const learn = (said: 'ranking' | 'text') =>
    learnFromRun({ runId: 'r1', metrics: { accuracy: 0.9, valid_ndcg: 0.876 } }, { said, seen: said });
  expect(learn('ranking')).toMatchObject({ task: 'ranking', limit: { value: 0.82 } });
  expect(learn('text')).toEqual({ task: 'text', limit: undefined });
});
