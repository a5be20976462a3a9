import type { Task } from '../../answers/contract.ts';
import type { Problem } from '../../errors.ts';
import { err, ok, type Result } from '../../result.ts';
import type { Side } from '../predictions.ts';
import type { MetricDetail } from '../rules/rule.ts';
import type { Metric } from './metric.ts';
import { findMetric, rowMetric } from './metrics.ts';

/** The metric that a rule names: one of ours for the task, else one of the user's own that the predictions carry row by row. */
export function resolveMetric(
  { metric: name, detail }: { readonly metric: string; readonly detail?: MetricDetail },
  task: Task,
  side: Side,
): Result<Metric, Problem> {
  const found = findMetric(name, task, detail);
  if (found.ok) return found;
  const own = rowMetric(name, side);
  return own === undefined ? err(found.error) : ok(own);
}
