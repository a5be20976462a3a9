import type { Problem } from '../errors.ts';
import { whyNoRates } from './judge/fairness.ts';
import { whatSettles } from './judge/what-settles.ts';
import type { Undefined } from './metrics/metric.ts';
import { resolveMetric } from './metrics/resolve-metric.ts';
import { type Predictions, sampleOf, sideOf } from './predictions.ts';
import type { GateRule } from './rules/rule.ts';

/** Rules that the gate will leave open whoever trains what, since their metric has no value on such answers to this holdout: each once. */
export function findUnmeasured(rules: readonly GateRule[], predictions: Predictions): readonly Problem[] {
  const problems = rules.flatMap((rule) => findProblem(rule, predictions));
  return problems.filter(
    ({ message }, place) => problems.findIndex((one) => one.message === message) === place,
  );
}

function findProblem(rule: GateRule, predictions: Predictions): readonly Problem[] {
  switch (rule.kind) {
    case 'compare':
    case 'slices':
    case 'floor': {
      const [sample, side] = [sampleOf(predictions), sideOf(predictions)];
      const metric = resolveMetric(rule, sample.task, side);
      // A run may log what a floor asks for.
      if (!metric.ok) return rule.kind === 'floor' ? [] : [metric.error];
      const why = metric.value.whyUndefined(sample, side);
      return why === undefined ? [] : [open(rule.metric, why)];
    }
    case 'fairness': {
      const why = whyNoRates(predictions.task);
      return why === undefined ? [] : [open(rule.metric, why)];
    }
    default:
      return [];
  }
}

function open(metric: string, { code, message }: Undefined): Problem {
  const settles = whatSettles(code, metric) ?? `${metric}: another rule, or another holdout.`;
  return { code, message: `${metric}: ${message}`, remedy: `What it takes: ${settles}` };
}
