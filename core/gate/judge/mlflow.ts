import type { Reason } from '../../verdict.ts';
import type { Check } from '../check.ts';
import { formatChange, formatNumber } from '../format-value.ts';
import type { MlflowRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';

/** What MLflow adds to a baseline of 0 in place of a relative change. */
const ABOVE_ZERO = 1e-10;

/**
 * MLflow's `MetricThreshold` as `mlflow.validate_evaluation_results` applies it: point values, every given condition must hold, equality
 * passes. A missing value fails; a relative change is divided by the size of the baseline, and of a baseline of 0 only "any better" is asked.
 */
export function judgeMlflow(
  rule: MlflowRule,
  candidate: number | undefined,
  baseline: number | undefined,
): Check {
  const failures = failuresOf(rule, candidate, baseline);
  const { rule: name, need } = sayRule(rule);
  const met: Reason = {
    code: 'threshold-met',
    metric: rule.metric,
    message: `${rule.metric} is ${candidate === undefined ? 'missing' : formatNumber(candidate)} and meets ${need}.`,
    ...(candidate === undefined ? {} : { observed: candidate }),
  };
  return {
    rule: name,
    metric: rule.metric,
    unit: 'number',
    ...(baseline === undefined ? {} : { champion: baseline }),
    ...(candidate === undefined ? {} : { challenger: candidate }),
    need,
    verdict: failures.length === 0 ? 'pass' : 'fail',
    reasons: failures.length === 0 ? [met] : failures,
  };
}

function failuresOf(rule: MlflowRule, candidate: number | undefined, baseline: number | undefined): Reason[] {
  const { metric, threshold, minAbsoluteChange, minRelativeChange } = rule;
  if (candidate === undefined || Number.isNaN(candidate)) return [missing(metric, 'challenger', candidate)];
  const failures: Reason[] = [];
  if (threshold !== undefined && !reaches(rule, candidate, threshold)) {
    const what = 'the threshold of';
    failures.push(missed({ code: 'threshold-missed', metric, observed: candidate, limit: threshold, what }));
  }
  if (minAbsoluteChange === undefined && minRelativeChange === undefined) return failures;
  if (baseline === undefined || Number.isNaN(baseline))
    return [...failures, missing(metric, 'champion', baseline)];
  if (minAbsoluteChange !== undefined) {
    const target = baseline + (rule.greaterIsBetter ? minAbsoluteChange : -minAbsoluteChange);
    if (!reaches(rule, candidate, target)) {
      const what = 'the least change, to';
      failures.push(
        missed({ code: 'absolute-change-missed', metric, observed: candidate, limit: target, what }),
      );
    }
  }
  if (minRelativeChange === undefined) return failures;
  return [...failures, ...relativeFailure(rule, minRelativeChange, { candidate, baseline })];
}

function relativeFailure(
  rule: MlflowRule,
  least: number,
  { candidate, baseline }: { readonly candidate: number; readonly baseline: number },
): Reason[] {
  if (baseline === 0) {
    const target = rule.greaterIsBetter ? ABOVE_ZERO : -ABOVE_ZERO;
    if (reaches(rule, candidate, target)) return [];
    return [
      missed({
        code: 'relative-change-missed',
        metric: rule.metric,
        observed: candidate,
        limit: target,
        what: 'a champion at 0, so anything better than',
      }),
    ];
  }
  const gain = rule.greaterIsBetter ? candidate - baseline : baseline - candidate;
  const change = gain / Math.abs(baseline);
  if (!(change < least)) return [];
  return [
    {
      code: 'relative-change-missed',
      metric: rule.metric,
      message: `${rule.metric} changed by ${formatChange(change, 'rate').replace(' pp', '%')} of the champion's value, under the least change of ${formatChange(least, 'rate').slice(1).replace(' pp', '%')}.`,
      observed: change,
      limit: least,
    },
  ];
}

function reaches(rule: MlflowRule, value: number, target: number): boolean {
  return rule.greaterIsBetter ? value >= target : value <= target;
}

/** A condition that the value misses, `what` in the words of the sentence. */
type Missed = Pick<Reason, 'code' | 'metric'> & {
  readonly observed: number;
  readonly limit: number;
  readonly what: string;
};

function missed({ code, metric, observed, limit, what }: Missed): Reason {
  const message = `${metric} is ${formatNumber(observed)} and misses ${what} ${formatNumber(limit)}.`;
  return { code, metric, message, observed, limit };
}

function missing(metric: string, who: string, value: number | undefined): Reason {
  return {
    code: who === 'champion' ? 'missing-baseline' : 'missing-candidate',
    metric,
    message:
      value === undefined ? `The ${who} has no metric ${metric}.` : `The ${who}'s ${metric} is not a number.`,
  };
}
