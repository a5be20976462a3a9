import { formatBytes, formatChange, formatNumber, formatSize, formatValue } from '../format-value.ts';
import type { Unit } from '../metrics/metric.ts';
import type { CompareRule, FloorRule, GateRule, Margin, MlflowRule, SlicesRule } from './rule.ts';

/** A rule for people, as it is named in each report: what it looks at, what it is called, and what it needs. */
type SaidRule = { readonly metric: string; readonly rule: string; readonly need: string };

/** A rule in words, its metric being of that unit. */
export function sayRule(rule: GateRule, unit: Unit = 'number'): SaidRule {
  switch (rule.kind) {
    case 'floor':
      return { metric: rule.metric, rule: nameOfFloor(rule), need: needOfFloor(rule, unit) };
    case 'compare':
      return { metric: rule.metric, rule: `compare: ${rule.require}`, need: needOfCompare(rule, unit) };
    case 'slices':
      return { metric: rule.metric, rule: `slices: ${rule.policy}`, need: needOfSlices(rule, unit) };
    case 'fairness':
      return {
        metric: rule.metric,
        rule: 'fairness',
        need: `groups at most ${formatSize(rule.limit, 'rate')} apart`,
      };
    case 'latency':
      return {
        metric: `latency-p${100 * rule.quantile}`,
        rule: 'latency',
        need: `≤ ${formatNumber(rule.atMostMs)} ms`,
      };
    case 'size':
      return { metric: 'size', rule: 'size', need: `≤ ${formatBytes(rule.atMostBytes)}` };
    case 'mlflow':
      return { metric: rule.metric, rule: 'mlflow threshold', need: needOfMlflow(rule) };
    case 'signature':
      return { metric: 'signature', rule: 'signature', need: 'present, and compatible with a champion’s' };
    case 'examples':
      return { metric: rule.path, rule: 'examples', need: 'every example answered as it must be' };
  }
}

/** A margin that harm has to go beyond, in words; nothing where there is none. */
export function sayBeyond(margin: Margin, unit: Unit): string {
  return margin === 0 ? '' : ` by more than ${sayMargin(margin, unit)}`;
}

/** A rule by the words of the configuration: what bounds from above is no floor. */
function nameOfFloor({ floor, ceiling }: FloorRule): string {
  if (ceiling === undefined) return 'floor';
  return floor === undefined ? 'ceiling' : 'floor and ceiling';
}

function needOfFloor({ floor, ceiling }: FloorRule, unit: Unit): string {
  const parts = [
    floor === undefined ? undefined : `≥ ${formatValue(floor, unit)}`,
    ceiling === undefined ? undefined : `≤ ${formatValue(ceiling, unit)}`,
  ];
  return parts.filter((part) => part !== undefined).join(' and ') || 'any value';
}

function needOfCompare({ require, minImprovement = 0, margin }: CompareRule, unit: Unit): string {
  if (require === 'superior')
    return minImprovement > 0 ? `better by ${formatSize(minImprovement, unit)}` : 'better';
  return `at most ${sayMargin(margin, unit)} worse`;
}

function needOfSlices({ policy, column, margin }: SlicesRule, unit: Unit): string {
  const need = policy === 'guard' ? `no ${column} shown worse` : `every ${column} shown not worse`;
  return `${need}${sayBeyond(margin, unit)}`;
}

function needOfMlflow(rule: MlflowRule): string {
  const sign = rule.greaterIsBetter ? '≥' : '≤';
  const parts = [
    rule.threshold === undefined ? undefined : `${sign} ${formatNumber(rule.threshold)}`,
    rule.minAbsoluteChange === undefined ? undefined : `better by ${formatNumber(rule.minAbsoluteChange)}`,
    rule.minRelativeChange === undefined
      ? undefined
      : `better by ${formatChange(rule.minRelativeChange, 'rate').slice(1).replace(' pp', '%')}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ') || 'the metric to exist';
}

function sayMargin(margin: Margin, unit: Unit): string {
  return typeof margin === 'number' ? formatSize(margin, unit) : formatValue(margin.relative, 'rate');
}
