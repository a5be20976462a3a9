import type { FairnessRule, LatencyRule } from '../../gate/rules/rule.ts';

const QUANTILES: Readonly<Record<string, LatencyRule['quantile']>> = {
  'latency-p50': 0.5,
  'latency-p95': 0.95,
  'latency-p99': 0.99,
};

const FAIRNESS = [
  'demographic-parity',
  'equalized-odds',
] as const satisfies readonly FairnessRule['metric'][];

/** Metric names that are no metric of the holdout. */
export const SPECIAL_METRICS: readonly string[] = [
  ...Object.keys(QUANTILES),
  'size',
  ...FAIRNESS,
  'signature',
];

/** The quantile that a latency metric is of; `undefined` for other metrics. */
export function latencyQuantile(name: string): LatencyRule['quantile'] | undefined {
  return Object.hasOwn(QUANTILES, name) ? QUANTILES[name] : undefined;
}

/** The fairness metric of that name; `undefined` for other metrics. */
export function fairnessMetric(name: string): FairnessRule['metric'] | undefined {
  return FAIRNESS.find((metric) => metric === name);
}
