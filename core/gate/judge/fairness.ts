import type { Task } from '../../answers/contract.ts';
import { normalQuantile } from '../../statistics/distributions/normal.ts';
import { expectedNormalRange } from '../../statistics/distributions/normal-range.ts';
import { agrestiCaffoLower } from '../../statistics/intervals/agresti-caffo.ts';
import type { Reason } from '../../verdict.ts';
import type { Check, GroupRow } from '../check.ts';
import { ALPHA, MIN_ROWS } from '../comparison/comparison.ts';
import { formatChange, formatSize, formatValue } from '../format-value.ts';
import type { GateEvidence } from '../gate-input.ts';
import type { Undefined } from '../metrics/metric.ts';
import { type GroupOutcome, type GroupRate, outcomesOf, ratesOf } from '../metrics/outcome-rates.ts';
import type { Pair } from '../predictions.ts';
import type { FairnessRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { gapGrowth, MOST_GROWTH } from './gap-growth.ts';
import { undecided } from './undecided.ts';

/** Why groups have no rates of a model's answers; `undefined` where they have. */
export function whyNoRates(task: Task): Undefined | undefined {
  if (task === 'binary' || task === 'multiclass') return undefined;
  return {
    code: 'metric-not-for-task',
    message: 'fairness of rates needs a model that answers with classes.',
  };
}

/** Two groups and how far apart their rates are at least, at the confidence of the whole check. */
type Gap = {
  readonly high: GroupRate;
  readonly low: GroupRate;
  readonly gap: number;
  readonly atLeast: number;
};

type JudgedOutcome = {
  readonly outcome: GroupOutcome;
  readonly rates: readonly GroupRate[];
  readonly large: readonly GroupRate[];
  readonly worst: Gap | undefined;
};

/**
 * Whether any two groups differ by more than the limit, proven: the largest observed gap is biased upwards by noise, so every ordered pair is
 * tested with a bound that holds for all pairs at once, and only a bound over the limit blocks. With a champion, a gap that has grown blocks too.
 *
 * Claim: groups whose true rates lie within the limit are blocked in at most 5% of gates.
 * Assumes: independent rows, or users whose design effect these rows show. Bonferroni over outcomes and ordered pairs of groups.
 * Reference: see `agrestiCaffoLower`; for the bias of the largest gap, Lum, Zhang & Bower, "De-biasing bias measurement" (FAccT 2022).
 * Vector: test/core/gate/judge-fairness.test.ts; measure/simulate/gate-rows/fairness.ts, row 7 of docs/decisions.md.
 */
export function judgeFairness(
  rule: FairnessRule,
  { sample, challenger, pair }: GateEvidence,
  seed: string,
): Check {
  const { need } = sayRule(rule);
  const question = { rule: 'fairness', metric: rule.metric, need };
  const values = sample.slices[rule.column];
  if (values === undefined) return undecided({ ...question, why: noColumn(rule) });
  const noRates = whyNoRates(sample.task);
  if (noRates !== undefined) return undecided({ ...question, why: noRates });
  const outcomes = outcomesOf(rule, sample);
  const alpha = ALPHA / outcomes.length;
  const judged = outcomes.map((outcome) =>
    judgeOutcome(outcome, ratesOf(outcome, values, { sample, side: challenger }), alpha),
  );
  const proven = judged.filter(({ worst }) => worst !== undefined && worst.atLeast > rule.limit);
  const grown =
    pair === undefined
      ? []
      : outcomes.flatMap((outcome) => growthOf(rule, pair, { outcome, values, alpha, seed }));
  const blocking = [...proven.map((outcome) => provenReason(rule, outcome)), ...grown];
  const groups = judged.flatMap(groupRowsOf);
  if (blocking.length === 0 && judged.some(({ worst }) => worst === undefined)) {
    return { ...undecided({ ...question, why: tooFewLargeGroups(rule) }), groups };
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

function judgeOutcome(outcome: GroupOutcome, rates: readonly GroupRate[], alpha: number): JudgedOutcome {
  const large = rates.filter(({ rows }) => rows.length >= MIN_ROWS);
  const z = normalQuantile(1 - alpha / (large.length * (large.length - 1)));
  let worst: Gap | undefined;
  for (const high of large) {
    for (const low of large) {
      if (high === low) continue;
      const atLeast = agrestiCaffoLower(countsOf(high), countsOf(low), z);
      const gap = high.rate - low.rate;
      if (worst === undefined || atLeast > worst.atLeast) worst = { high, low, gap, atLeast };
    }
  }
  return { outcome, rates, large, worst };
}

function countsOf({ rate, effectiveRows }: GroupRate): { readonly successes: number; readonly n: number } {
  return { successes: rate * effectiveRows, n: effectiveRows };
}

function provenReason(rule: FairnessRule, { outcome, worst, large }: JudgedOutcome): Reason {
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

function widest(rule: FairnessRule, judged: readonly JudgedOutcome[]): Reason {
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

/** One outcome in the groups of a column (`values`, one per row), with the error and the seed its bound is allowed. */
type GrowthQuestion = {
  readonly outcome: GroupOutcome;
  readonly values: readonly string[];
  readonly alpha: number;
  readonly seed: string;
};

function growthOf(
  rule: FairnessRule,
  pair: Pair,
  { outcome, values, alpha, seed }: GrowthQuestion,
): Reason[] {
  const before = ratesOf(outcome, values, { sample: pair.sample, side: pair.champion }).filter(
    ({ rows }) => rows.length >= MIN_ROWS,
  );
  const byRate = [...before].sort((a, b) => a.rate - b.rate);
  const low = byRate[0];
  const high = byRate.at(-1);
  if (low === undefined || high === undefined || low === high) return [];
  const growth = gapGrowth(outcome, pair, {
    high: high.rows,
    low: low.rows,
    alpha,
    seed: `${seed}|${rule.metric}|${outcome.name}`,
  });
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

function groupRowsOf({ outcome, rates, large }: JudgedOutcome): GroupRow[] {
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
