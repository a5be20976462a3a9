import type { Metric } from '../../core/gate/metrics/metric.ts';
import { findMetric } from '../../core/gate/metrics/metrics.ts';
import type { MetricDetail } from '../../core/gate/rules/rule.ts';

/** The metric of that name for two classes, as the gate finds it. */
export function binaryMetric(name: string, detail?: MetricDetail): Metric {
  const found = findMetric(name, 'binary', detail);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}
