import { quantileBounds, quantileOf, rowsForUpperBound } from '../../statistics/intervals/quantile-bound.ts';
import { bootstrap } from '../../statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../statistics/random/random-stream.ts';
import { type Interval, type Reason, type Verdict, worstVerdict } from '../../verdict.ts';
import type { Check } from '../check.ts';
import { RESAMPLES } from '../comparison/bootstrap.ts';
import { ALPHA } from '../comparison/comparison.ts';
import { formatCount, formatNumber } from '../format-value.ts';
import type { LatencyRule } from '../rules/rule.ts';
import { undecided } from './undecided.ts';

/**
 * Response times in milliseconds, warm-ups left out. Where the champion was measured too, both lists are of the same inputs in the same
 * order, measured in turn, so that place i of one belongs to place i of the other.
 */
export type Latencies = { readonly championMs?: readonly number[]; readonly challengerMs: readonly number[] };

/** What one half of a latency rule (the limit, the ratio) came to. */
type Half = { readonly verdict: Verdict; readonly reason: Reason; readonly toSettle?: string };

/** A latency limit by a distribution-free upper bound of the quantile, and a ratio to the champion by the paired bootstrap. */
export function judgeLatency(rule: LatencyRule, latency: Latencies | undefined, seed: string): Check {
  const metric = metricOf(rule);
  const need = needOf(rule);
  const why = whyNot(rule, latency);
  if (latency === undefined || why !== undefined) {
    const unmeasured = { code: 'not-measured', message: 'no latency was measured.' };
    return undecided({ rule: 'latency', metric, need, why: why ?? unmeasured });
  }
  const { championMs, challengerMs } = latency;
  const sorted = Float64Array.from(challengerMs).sort();
  const halves = [judgeLimit(rule, sorted), judgeRatio(rule, latency, seed)].filter(
    (half) => half !== undefined,
  );
  const settle = halves.flatMap(({ toSettle }) => toSettle ?? []).join(' ');
  return {
    rule: 'latency',
    metric,
    unit: 'number',
    ...(championMs === undefined
      ? {}
      : { champion: quantileOf(Float64Array.from(championMs).sort(), rule.quantile) }),
    challenger: quantileOf(sorted, rule.quantile),
    need,
    verdict: halves.length === 0 ? 'pass' : worstVerdict(halves.map(({ verdict }) => verdict)),
    reasons: halves.map(({ reason }) => reason),
    ...(settle === '' ? {} : { toSettle: settle }),
  };
}

/** The limit in milliseconds, when the rule has one, on `sorted` response times. */
function judgeLimit(rule: LatencyRule, sorted: Float64Array): Half | undefined {
  const limit = rule.atMostMs;
  if (limit === undefined) return undefined;
  const metric = metricOf(rule);
  const { lower, upper } = quantileBounds(sorted, rule.quantile, 1 - ALPHA);
  const observed = quantileOf(sorted, rule.quantile);
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
  const reason = { code, metric, message, observed, limit, sampleSize: sorted.length };
  if (verdict !== 'inconclusive') return { verdict, reason };
  const least = rowsForUpperBound(rule.quantile, 1 - ALPHA);
  const toSettle =
    upper === undefined
      ? `${metric}: at least ${formatCount(least)} requests bound it.`
      : `${metric}: more requests narrow the bound, which lies over the budget while the value does not.`;
  return { verdict, reason, toSettle };
}

/** The ratio to the champion's quantile, when the rule limits it. */
function judgeRatio(
  rule: LatencyRule,
  { championMs, challengerMs }: Latencies,
  seed: string,
): Half | undefined {
  const limit = rule.maxRatio;
  if (limit === undefined) return undefined;
  const metric = metricOf(rule);
  if (championMs === undefined) return ratioNotMeasured(metric, limit);
  const champion = weightedQuantile(championMs, rule.quantile);
  const challenger = weightedQuantile(challengerMs, rule.quantile);
  const ratio = (weights: Uint32Array): number => challenger(weights) / champion(weights);
  const n = challengerMs.length;
  const rows = { kind: 'rows', strata: [Uint32Array.from({ length: n }, (_, row) => row)] } as const;
  const random = randomStream(`${seed}|${metric}|ratio`);
  const values = bootstrap(ratio, rows, { rows: n, resamples: RESAMPLES, random });
  const observed = ratio(new Uint32Array(n).fill(1));
  const interval = percentile(values);
  const verdict = interval.high <= limit ? 'pass' : interval.low > limit ? 'fail' : 'inconclusive';
  const code = { pass: 'within-ratio', fail: 'over-ratio', inconclusive: 'not-settled' }[verdict];
  const message =
    `${metric} is ${formatNumber(observed)} times the champion's ` +
    `[${formatNumber(interval.low)}, ${formatNumber(interval.high)}] over ${formatCount(n)} pairs of requests (at most ${formatNumber(limit)}).`;
  const reason = { code, metric, message, observed, limit, sampleSize: n, interval };
  if (verdict !== 'inconclusive') return { verdict, reason };
  return { verdict, reason, toSettle: `${metric}: more pairs of requests narrow the ratio's bounds.` };
}

/** The smallest value that at least a share `q` of the drawn rows do not exceed. */
function weightedQuantile(values: readonly number[], q: number): (weights: Uint32Array) => number {
  const order = Uint32Array.from(values.keys()).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  return (weights) => {
    const target = q * values.length;
    let count = 0;
    for (const row of order) {
      count += weights[row] ?? 0;
      if (count >= target) return values[row] ?? Number.NaN;
    }
    return Number.NaN;
  };
}

function percentile(values: Float64Array): Interval {
  const place = Math.floor(ALPHA * (values.length + 1)) - 1;
  return {
    low: values[place] ?? Number.NaN,
    high: values[values.length - 1 - place] ?? Number.NaN,
    level: 1 - 2 * ALPHA,
  };
}

function whyNot(
  rule: LatencyRule,
  latency: Latencies | undefined,
): { code: string; message: string } | undefined {
  if (latency === undefined) return undefined;
  const all = [...latency.challengerMs, ...(latency.championMs ?? [])];
  if (latency.challengerMs.length === 0) return { code: 'not-measured', message: 'no latency was measured.' };
  if (all.some((value) => !Number.isFinite(value) || value < 0)) {
    return { code: 'not-a-latency', message: 'some latencies are no finite positive numbers.' };
  }
  if (rule.maxRatio === undefined || latency.championMs === undefined) return undefined;
  if (latency.championMs.length !== latency.challengerMs.length) {
    return { code: 'not-paired', message: 'champion and challenger were not measured on the same requests.' };
  }
  const least = rowsForUpperBound(rule.quantile, 1 - ALPHA);
  if (latency.challengerMs.length >= least) return undefined;
  return {
    code: 'too-few-requests',
    message: `${latency.challengerMs.length} requests are too few; ${least} are needed.`,
  };
}

/** A measurement that nobody made shows nothing: the rule stays open and never passes. */
function ratioNotMeasured(metric: string, limit: number): Half {
  const message = `${metric}: \`max-ratio\` compares with the champion's response times, and those were not measured.`;
  return {
    verdict: 'inconclusive',
    reason: { code: 'ratio-not-measured', metric, message, limit },
    toSettle: `${metric}: set \`at-most\`, a limit in milliseconds, in place of \`max-ratio\`.`,
  };
}

function metricOf({ quantile }: LatencyRule): string {
  return `latency-p${100 * quantile}`;
}

function needOf(rule: LatencyRule): string {
  const parts = [
    rule.atMostMs === undefined ? undefined : `≤ ${ms(rule.atMostMs)}`,
    rule.maxRatio === undefined ? undefined : `≤ ${formatNumber(rule.maxRatio)} × champion`,
  ];
  return parts.filter((part) => part !== undefined).join(' and ') || 'measured';
}

function ms(value: number): string {
  return `${formatNumber(value)} ms`;
}
