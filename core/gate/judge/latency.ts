import { quantileBounds, quantileOf, rowsForUpperBound } from '../../statistics/intervals/quantile-bound.ts';
import type { Check } from '../check.ts';
import { ALPHA } from '../comparison/comparison.ts';
import { formatCount, formatNumber } from '../format-value.ts';
import { type GateRule, isBudgetRule, type LatencyRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { undecided } from './undecided.ts';

/** Requests that are timed at the least. */
const FEWEST_REQUESTS = 200;
/** So many times the fewest requests that bound a quantile: with just those, one slow request lifts the bound to itself. */
export const REQUESTS_PER_BOUND = 4;

/** How many single requests have to be timed for the latency rules among `rules`: 200, or 1,196 where one is of a p99. */
export function requestsToTime(rules: readonly GateRule[]): number {
  const needed = rules
    .filter(isBudgetRule)
    .flatMap((rule) => (rule.kind === 'latency' ? [rule.quantile] : []))
    .map((quantile) => REQUESTS_PER_BOUND * rowsForUpperBound(quantile, 1 - ALPHA));
  return Math.max(FEWEST_REQUESTS, ...needed);
}

/** A latency limit by a distribution-free upper bound of the quantile of response times in milliseconds, warm-ups left out. */
export function judgeLatency(rule: LatencyRule, latencyMs: readonly number[] | undefined): Check {
  const { metric, need } = sayRule(rule);
  if (latencyMs === undefined || latencyMs.length === 0) {
    const why = { code: 'not-measured', message: 'no latency was measured.' };
    return undecided({ rule: 'latency', metric, need, why });
  }
  if (latencyMs.some((value) => !Number.isFinite(value) || value < 0)) {
    const why = { code: 'not-a-latency', message: 'some latencies are no finite positive numbers.' };
    return undecided({ rule: 'latency', metric, need, why });
  }
  const sorted = Float64Array.from(latencyMs).sort();
  const observed = quantileOf(sorted, rule.quantile);
  const judged = { rule: 'latency', metric, unit: 'number', challenger: observed, need } as const;
  return { ...judged, ...judgeLimit(rule, sorted, observed) };
}

type Judged = Pick<Check, 'verdict' | 'reasons' | 'toSettle'>;

function judgeLimit(rule: LatencyRule, sorted: Float64Array, observed: number): Judged {
  const { metric } = sayRule(rule);
  const limit = rule.atMostMs;
  const { lower, upper } = quantileBounds(sorted, rule.quantile, 1 - ALPHA);
  const verdict =
    upper !== undefined && upper <= limit
      ? 'pass'
      : lower !== undefined && lower > limit
        ? 'fail'
        : 'inconclusive';
  const sure =
    verdict === 'fail'
      ? `95% sure of more than ${ms(lower ?? observed)}`
      : upper === undefined
        ? `${sorted.length} requests are too few to bound it`
        : `95% sure of at most ${ms(upper)}`;
  const message = `${metric} is ${ms(observed)} over ${formatCount(sorted.length)} requests, ${sure} (budget ${ms(limit)}).`;
  const code = { pass: 'within-budget', fail: 'over-budget', inconclusive: 'not-settled' }[verdict];
  const reasons = [{ code, metric, message, observed, limit, sampleSize: sorted.length }];
  if (verdict !== 'inconclusive') return { verdict, reasons };
  const least = rowsForUpperBound(rule.quantile, 1 - ALPHA);
  const toSettle =
    upper === undefined
      ? `${metric}: at least ${formatCount(least)} requests bound it.`
      : `${metric}: more requests narrow the bound, which lies over the budget while the value does not.`;
  return { verdict, reasons, toSettle };
}

function ms(value: number): string {
  return `${formatNumber(value)} ms`;
}
