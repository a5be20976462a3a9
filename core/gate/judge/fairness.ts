import { normalQuantile } from '../../statistics/distributions/normal.ts';
import { expectedNormalRange } from '../../statistics/distributions/normal-range.ts';
import { agrestiCaffoLower } from '../../statistics/intervals/agresti-caffo.ts';
import type { Reason } from '../../verdict.ts';
import type { Check, GroupRow } from '../check.ts';
import { MIN_ROWS } from '../comparison/comparison.ts';
import { formatChange, formatSize, formatValue } from '../format-value.ts';
import type { Undefined } from '../metrics/metric.ts';
import { type GroupRate, type Outcome, outcomesOf, ratesOf } from '../metrics/outcome-rates.ts';
import type { Sample, Side } from '../predictions.ts';
import type { FairnessRule } from '../rules/rule.ts';
import { ALPHA, undecided } from './compare.ts';
import { gapGrowth, MOST_GROWTH } from './gap-growth.ts';

const NO_RATES: Undefined = {
  code: 'metric-not-for-task',
  message: 'fairness of rates needs a model that answers with classes.',
};

/** Two groups and how far apart their rates are at least, at the confidence of the whole check. */
type Gap = {
  readonly high: GroupRate;
  readonly low: GroupRate;
  readonly gap: number;
  readonly atLeast: number;
};

type Judged = {
  readonly outcome: Outcome;
  readonly rates: readonly GroupRate[];
  readonly large: readonly GroupRate[];
  readonly worst: Gap | undefined;
};

/**
 * Whether any two groups differ by more than the limit, proven: the largest observed gap is biased upwards by noise, so every ordered pair is
 * tested with a bound that holds for all pairs at once, and only a bound over the limit blocks. With a champion, a gap that has grown blocks too.
 */
export function judgeFairness(
  rule: FairnessRule,
  sample: Sample,
  challenger: Side,
  champion: Side | undefined,
  seed: string,
): Check {
  const need = `groups at most ${formatSize(rule.limit, 'rate')} apart`;
  const values = sample.slices[rule.column];
  if (values === undefined) return undecided('fairness', rule.metric, need, noColumn(rule));
  if (sample.task === 'regression') return undecided('fairness', rule.metric, need, NO_RATES);
  const outcomes = outcomesOf(rule, sample);
  const alpha = ALPHA / outcomes.length;
  const judged = outcomes.map((outcome) => judgeOutcome(outcome, values, sample, challenger, alpha));
  const proven = judged.filter(({ worst }) => worst !== undefined && worst.atLeast > rule.limit);
  const grown =
    champion === undefined
      ? []
      : outcomes.flatMap((outcome) =>
          growthOf(rule, outcome, values, sample, { champion, challenger }, alpha, seed),
        );
  const blocking = [...proven.map((outcome) => provenReason(rule, outcome)), ...grown];
  const groups = judged.flatMap(groupRowsOf);
  if (blocking.length === 0 && judged.some(({ worst }) => worst === undefined)) {
    return { ...undecided('fairness', rule.metric, need, tooFewLargeGroups(rule)), groups };
  }
  return {
    rule: 'fairness',
    metric: rule.metric,
    unit: 'rate',
    challenger: Math.max(...judged.map(({ worst }) => worst?.gap ?? 0)),
    need,
    verdict: blocking.length > 0 ? 'fail' : 'pass',
    reasons: blocking.length > 0 ? blocking : [widest(rule, judged)],
    groups,
  };
}

function judgeOutcome(
  outcome: Outcome,
  values: readonly string[],
  sample: Sample,
  side: Side,
  alpha: number,
): Judged {
  const rates = ratesOf(outcome, values, sample, side);
  const large = rates.filter(({ rows }) => rows.length >= MIN_ROWS);
  const z = normalQuantile(1 - alpha / (large.length * (large.length - 1)));
  let worst: Gap | undefined;
  for (const high of large) {
    for (const low of large) {
      if (high === low) continue;
      const atLeast = agrestiCaffoLower(
        high.rate * high.effectiveRows,
        high.effectiveRows,
        low.rate * low.effectiveRows,
        low.effectiveRows,
        z,
      );
      const gap = high.rate - low.rate;
      if (worst === undefined || atLeast > worst.atLeast) worst = { high, low, gap, atLeast };
    }
  }
  return { outcome, rates, large, worst };
}

function provenReason(rule: FairnessRule, { outcome, worst, large }: Judged): Reason {
  const { text, gap, atLeast } = describeGap(worst);
  return {
    code: 'gap-over-limit',
    metric: rule.metric,
    message:
      `${rule.metric} by ${rule.column}: ${outcome.name} ${text}, at least ${formatSize(atLeast, 'rate')} apart ` +
      `at 95% over all pairs (limit ${formatSize(rule.limit, 'rate')}).`,
    observed: gap,
    limit: rule.limit,
    sampleSize: rowsIn(large),
  };
}

function widest(rule: FairnessRule, judged: readonly Judged[]): Reason {
  const widestFirst = [...judged].sort((a, b) => (b.worst?.gap ?? 0) - (a.worst?.gap ?? 0))[0];
  const { text, gap } = describeGap(widestFirst?.worst);
  const large = widestFirst?.large ?? [];
  return {
    code: 'gap-not-shown',
    metric: rule.metric,
    message:
      `${rule.metric} by ${rule.column}: the widest gap is ${widestFirst?.outcome.name ?? ''} ${text}; ` +
      `not shown to be over ${formatSize(rule.limit, 'rate')} (noise alone gives ${formatSize(gapFromNoise(large), 'rate')}).`,
    observed: gap,
    limit: rule.limit,
    sampleSize: rowsIn(large),
  };
}

function growthOf(
  rule: FairnessRule,
  outcome: Outcome,
  values: readonly string[],
  sample: Sample,
  sides: { readonly champion: Side; readonly challenger: Side },
  alpha: number,
  seed: string,
): Reason[] {
  const before = ratesOf(outcome, values, sample, sides.champion).filter(
    ({ rows }) => rows.length >= MIN_ROWS,
  );
  const byRate = [...before].sort((a, b) => a.rate - b.rate);
  const low = byRate[0];
  const high = byRate.at(-1);
  if (low === undefined || high === undefined || low === high) return [];
  const pair = { high: high.rows, low: low.rows };
  const growth = gapGrowth(outcome, sample, sides, pair, alpha, `${seed}|${rule.metric}|${outcome.name}`);
  if (!(growth.atLeast > MOST_GROWTH)) return [];
  return [
    {
      code: 'gap-grew',
      metric: rule.metric,
      message:
        `${rule.metric} by ${rule.column}: ${outcome.name} in ${high.group} against ${low.group} was ` +
        `${formatSize(high.rate - low.rate, 'rate')} apart with the champion and has grown by ${formatChange(growth.estimate, 'rate')}, ` +
        `95% sure of more than ${formatChange(growth.atLeast, 'rate')}.`,
      observed: growth.estimate,
      limit: MOST_GROWTH,
      sampleSize: high.rows.length + low.rows.length,
    },
  ];
}

function describeGap(gap: Gap | undefined): { text: string; gap: number; atLeast: number } {
  if (gap === undefined) return { text: '', gap: 0, atLeast: 0 };
  const rate = (side: GroupRate): string => `${formatValue(side.rate, 'rate')} in ${side.group}`;
  return { text: `${rate(gap.high)} against ${rate(gap.low)}`, gap: gap.gap, atLeast: gap.atLeast };
}

/** The gap expected between groups that are truly equal: c(G) sqrt(p (1 - p) / n), n the harmonic mean of the groups' rows. */
function gapFromNoise(groups: readonly GroupRate[]): number {
  if (groups.length < 2) return 0;
  const rows = groups.length / groups.reduce((sum, { effectiveRows }) => sum + 1 / effectiveRows, 0);
  const rate = groups.reduce((sum, group) => sum + group.rate, 0) / groups.length;
  return expectedNormalRange(groups.length) * Math.sqrt((rate * (1 - rate)) / rows);
}

function noColumn({ column }: FairnessRule): Undefined {
  return {
    code: 'unknown-column',
    message: `the predictions have no slice column ${JSON.stringify(column)}.`,
  };
}

function tooFewLargeGroups({ column }: FairnessRule): Undefined {
  const message = `fewer than two groups of ${column} have ${MIN_ROWS} rows that count.`;
  return { code: 'no-groups-large-enough', message };
}

function groupRowsOf({ outcome, rates, large }: Judged): GroupRow[] {
  return rates.map((rate) => ({
    group: rate.group,
    outcome: outcome.name,
    rows: rate.rows.length,
    rate: rate.rate,
    judged: large.includes(rate),
  }));
}

function rowsIn(groups: readonly GroupRate[]): number {
  return groups.reduce((sum, { rows }) => sum + rows.length, 0);
}
