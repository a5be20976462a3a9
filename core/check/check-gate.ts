import type { Config } from '../config/config.ts';
import type { CrossProblem } from '../config/cross-problem.ts';
import { findMetric, isMetric } from '../gate/metrics/metrics.ts';

/** Rules of the gate that can't be judged of models that answer as the configuration says; at most one problem for each metric. */
export function findUnjudged({ gate, answers: { task }, data }: Config): readonly CrossProblem[] {
  if (task === undefined) return [];
  const own = Object.keys(data.holdout?.metrics ?? {});
  const problems = gate.flatMap((rule) => {
    // A limit may be one on what the run itself has logged, under any name.
    if (rule.kind !== 'compare' && rule.kind !== 'slices') return [];
    if (own.includes(rule.metric) || !isMetric(rule.metric)) return [];
    const found = findMetric(rule.metric, task, rule.detail);
    return found.ok ? [] : [{ ...found.error, path: ['gate'] }];
  });
  return problems.filter(
    ({ message }, place) => problems.findIndex((one) => one.message === message) === place,
  );
}

/** That no model can be the first one: there is nothing to compare it with, and no rule says how good it has to be. */
export function findLackOfLimit({ gate }: Config): readonly CrossProblem[] {
  const isBounded = gate.some(
    (rule) => rule.kind === 'floor' || (rule.kind === 'mlflow' && rule.threshold !== undefined),
  );
  if (isBounded) return [];
  const message =
    'A first model has nothing to be compared with, and no rule says how good it has to be: none passes.';
  const remedy = 'Add a `floor:` to a rule, or a `ceiling:` where less is better.';
  return [{ code: 'no-first-limit', path: ['gate'], message, remedy }];
}
