import type { Interval, Reason } from '../../verdict.ts';
import type { Check } from '../check.ts';
import { MIN_ROWS, tooFewRows } from '../comparison/comparison.ts';
import { formatCount, formatValue } from '../format-value.ts';
import { meanInterval } from '../metrics/mean-interval.ts';
import { evaluateMetric, type Metric, type Unit } from '../metrics/metric.ts';
import type { Sample, Side } from '../predictions.ts';
import type { FloorRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { undecided } from './undecided.ts';

/** One floor rule with its metric found. */
type FloorTask = { readonly rule: FloorRule; readonly metric: Metric };

/** An absolute floor or ceiling, on this holdout's value: a limit that is met exactly is met. */
export function judgeFloor({ rule, metric }: FloorTask, sample: Sample, side: Side): Check {
  const rows = sample.ids.length;
  const { rule: name, need } = sayRule(rule, metric.unit);
  const value = rows < MIN_ROWS ? tooFewRows(rows) : evaluateMetric(metric, sample, side);
  if (typeof value !== 'number') {
    return undecided({ rule: name, metric: metric.name, need, why: value, rows });
  }
  const interval = meanInterval(metric, { sample, side }, value);
  const aside = metric.aside?.(sample);
  const measured = {
    metric: metric.name,
    unit: metric.unit,
    value,
    rows,
    ...(aside !== undefined && { aside }),
  };
  return judgeValue(rule, { ...measured, ...(interval && { interval }) });
}

/** The same for a value that was measured elsewhere, such as a metric that the training run logged. */
export function judgeLoggedFloor(rule: FloorRule, value: number): Check {
  const check = judgeValue(rule, { metric: rule.metric, unit: 'number', value });
  return { ...check, asLogged: ['challenger'] };
}

type MeasuredValue = {
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
  readonly rows?: number;
  readonly interval?: Interval;
  readonly aside?: string;
};

function judgeValue(rule: FloorRule, { metric, unit, value, rows, interval, aside }: MeasuredValue): Check {
  const under = rule.floor !== undefined && value < rule.floor;
  const over = rule.ceiling !== undefined && value > rule.ceiling;
  const { rule: name, need } = sayRule(rule, unit);
  const limit = over ? rule.ceiling : (rule.floor ?? rule.ceiling);
  const bounds = interval && ` [${formatValue(interval.low, unit)}, ${formatValue(interval.high, unit)}]`;
  const on = rows === undefined ? '' : ` on ${formatCount(rows)} examples`;
  const state = under ? 'under the floor of' : over ? 'over the ceiling of' : 'within';
  const bound = under || over ? formatValue(limit ?? value, unit) : need;
  const reason: Reason = {
    code: under ? 'under-floor' : over ? 'over-ceiling' : 'within-limit',
    metric,
    message: `${metric} is ${formatValue(value, unit)}${bounds ?? ''}${on}, ${state} ${bound}${aside === undefined ? '' : `; ${aside}`}.`,
    observed: value,
    ...(limit === undefined ? {} : { limit }),
    ...(rows === undefined ? {} : { sampleSize: rows }),
    ...(interval && { interval }),
  };
  return {
    rule: name,
    metric,
    unit,
    challenger: value,
    need,
    verdict: under || over ? 'fail' : 'pass',
    reasons: [reason],
  };
}
