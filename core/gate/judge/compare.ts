import { resolvableMargin, rowsForMargin } from '../../statistics/sample-size.ts';
import type { Interval, Reason, Verdict } from '../../verdict.ts';
import type { Check } from '../check.ts';
import type { CompareOptions, Comparison } from '../comparison/comparison.ts';
import { compareModels } from '../comparison/models.ts';
import { formatChange, formatCount, formatSize, formatValue } from '../format-value.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Pair } from '../predictions.ts';
import { absoluteMargin, type CompareRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { undecided } from './undecided.ts';

/** What the two models are called in sentences; the first model of a name has no champion beside it. */
export type Names = { readonly champion?: string; readonly challenger: string };

/** One compare rule with its metric found. */
type CompareTask = { readonly rule: CompareRule; readonly metric: Metric };

/** Challenger against champion by one metric: non-inferior or superior, worse, or not settled. */
export function judgeCompare(
  task: CompareTask,
  pair: Pair,
  options: CompareOptions & { readonly names: Names },
): Check {
  const { rule, metric } = task;
  const compared = compareModels(metric, pair, options);
  if (!compared.ok) {
    return undecided({
      rule: `compare: ${rule.require}`,
      metric: metric.name,
      need: sayRule(rule, metric.unit).need,
      why: compared.error,
      rows: pair.sample.ids.length,
    });
  }
  const comparison = compared.value;
  const margin = absoluteMargin(rule.margin, comparison.champion);
  const limit = rule.require === 'superior' ? (rule.minImprovement ?? 0) : -margin;
  const verdict = verdictOf(rule, comparison.interval, limit);
  const toSettle = verdict === 'inconclusive' ? whatWouldSettle(task, comparison, limit) : undefined;
  return {
    rule: `compare: ${rule.require}`,
    metric: metric.name,
    unit: metric.unit,
    champion: comparison.champion,
    challenger: comparison.challenger,
    change: { estimate: comparison.estimate, interval: comparison.interval },
    need: needOf(task, margin),
    verdict,
    reasons: [
      reasonOf(task, comparison, {
        names: options.names,
        limit,
        verdict,
        aside: metric.aside?.(pair.sample),
      }),
    ],
    ...(toSettle === undefined ? {} : { toSettle }),
  };
}

/**
 * What is shown at this confidence. For superiority anything worse than the champion is a failure; a real but smaller
 * improvement than the one asked for stays unsettled unless the bounds rule the one asked for out.
 */
function verdictOf(rule: CompareRule, interval: Interval, limit: number): Verdict {
  if (interval.low > limit) return 'pass';
  if (rule.require === 'superior') return interval.high < Math.max(0, limit) ? 'fail' : 'inconclusive';
  return interval.high < limit ? 'fail' : 'inconclusive';
}

/** What a comparison came to, and what else is said of its rows. */
type Told = {
  readonly names: Names;
  readonly limit: number;
  readonly verdict: Verdict;
  readonly aside: string | undefined;
};

function reasonOf(
  { rule, metric }: CompareTask,
  comparison: Comparison,
  { names, limit, verdict, aside }: Told,
): Reason {
  const { champion, challenger, estimate, interval, rows } = comparison;
  const unit = metric.unit;
  const confidence = `${formatConfidence((1 + interval.level) / 2)} sure`;
  const bound =
    verdict === 'fail'
      ? `${confidence} of ${formatChange(interval.high, unit)} at best`
      : `${confidence} of better than ${formatChange(interval.low, unit)}`;
  const against = rule.require === 'superior' ? 'needed' : 'margin';
  const target = rule.require === 'superior' && limit === 0 ? 'any improvement' : formatChange(limit, unit);
  const champions = `${formatValue(champion, unit)} (champion${names.champion === undefined ? '' : ` ${names.champion}`})`;
  const message =
    `${metric.name} ${formatValue(challenger, unit)} (challenger ${names.challenger}) against ${champions} ` +
    `on the same ${formatCount(rows)} examples; ` +
    `${formatChange(estimate, unit)}${metric.direction === 'lower' ? ' (positive is better)' : ''}, ${bound} (${against} ${target})${aside === undefined ? '' : `; ${aside}`}.`;
  return {
    code: codeOf(rule, verdict),
    metric: metric.name,
    message,
    observed: estimate,
    limit,
    sampleSize: rows,
    interval,
  };
}

/** `95%`, `99.7%`; what would round to all is `over 99.99%`. */
function formatConfidence(confidence: number): string {
  return confidence > 0.9999 ? 'over 99.99%' : `${Number((100 * confidence).toPrecision(4))}%`;
}

function codeOf(rule: CompareRule, verdict: Verdict): string {
  if (verdict === 'inconclusive') return 'not-settled';
  if (verdict === 'pass') return rule.require;
  return rule.require === 'superior' ? 'not-superior' : 'worse';
}

/** With the champion's value a margin is a size of its own. */
function needOf({ rule, metric }: CompareTask, margin: number): string {
  return sayRule({ ...rule, margin }, metric.unit).need;
}

function whatWouldSettle({ rule, metric }: CompareTask, comparison: Comparison, limit: number): string {
  const { rows, estimate } = comparison;
  const resolvable = resolvableMargin(comparison);
  const resolves = `${metric.name}: these ${formatCount(rows)} examples resolve ${formatSize(resolvable, metric.unit)}`;
  if (rule.require === 'superior') {
    const gap = estimate - limit;
    if (gap <= 0) return `${resolves}; the improvement asked for is not seen here at all.`;
    const wanted = rowsForMargin(rows, comparison, gap);
    return `${resolves}; if the improvement is as large as it looks, about ${formatCount(wanted)} examples like these show it.`;
  }
  if (limit === 0) return `${resolves}; a margin of 0 can never be shown for two equal models. Set a margin.`;
  const wanted = rowsForMargin(rows, comparison, -limit);
  return `${resolves}; a margin of ${formatSize(limit, metric.unit)} needs about ${formatCount(Math.max(wanted, rows + 1))} examples like these.`;
}
