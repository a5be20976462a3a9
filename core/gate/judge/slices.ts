import { adjustHolm } from '../../statistics/holm.ts';
import { resolvableMargin } from '../../statistics/sample-size.ts';
import type { Interval, Reason, Verdict } from '../../verdict.ts';
import type { Check, SliceRow } from '../check.ts';
import { ALPHA, type Comparison, MIN_ROWS } from '../comparison/comparison.ts';
import { compareNames, groupRows } from '../comparison/group-rows.ts';
import { harmOfFamily } from '../comparison/harm-of-family.ts';
import { compareModels } from '../comparison/models.ts';
import { formatChange, formatCount, formatValue } from '../format-value.ts';
import { evaluateMetric, type Metric } from '../metrics/metric.ts';
import { type Pair, pairAt } from '../predictions.ts';
import { absoluteMargin, type SlicesRule } from '../rules/rule.ts';
import { sayBeyond, sayRule } from '../rules/say-rule.ts';
import { undecided } from './undecided.ts';
import { whatSettles } from './what-settles.ts';

/** More guarded slices than this share no error that draws could still tell from chance. */
const MOST_GUARDED = 10_000;

/** One slices rule with its metric found. */
type SlicesTask = { readonly rule: SlicesRule; readonly metric: Metric };

/** One value of the column. */
type Slice = {
  readonly name: string;
  readonly rows: number;
  /** `undefined` where these rows allow no comparison. */
  readonly comparison: Comparison | undefined;
  /** The champion's value, where there are rows enough and the challenger has none: that is no small slice. */
  readonly lost: number | undefined;
  readonly margin: number;
};

/** One slices rule with every slice of its column compared; no slices where the predictions lack the column. */
export type ComparedSlices = { readonly task: SlicesTask; readonly slices: readonly Slice[] };

/** Compares the models on every value of the rule's column by itself. */
export function compareSlices(task: SlicesTask, pair: Pair, seed: string): ComparedSlices {
  const values = pair.sample.slices[task.rule.column];
  if (values === undefined) return { task, slices: [] };
  const { names, rowsOf } = groupRows(values.map((value) => (value === '' ? '(missing)' : value)));
  const slices = names.map((name, index): Slice => {
    const rows = rowsOf[index] ?? new Uint32Array();
    const options = { alpha: ALPHA, seed: `${seed}|${task.rule.column}=${name}` };
    if (rows.length < MIN_ROWS)
      return { name, rows: rows.length, comparison: undefined, lost: undefined, margin: 0 };
    const own = pairAt(pair, rows);
    const compared = compareModels(task.metric, own, options);
    const comparison = compared.ok ? compared.value : undefined;
    const lost = compared.ok ? undefined : lostValue(task.metric, own);
    const margin = comparison === undefined ? 0 : absoluteMargin(task.rule.margin, comparison.champion);
    return { name, rows: rows.length, comparison, lost, margin };
  });
  return { task, slices: slices.sort((a, b) => compareNames(a.name, b.name)) };
}

function lostValue(metric: Metric, { sample, champion, challenger }: Pair): number | undefined {
  const before = evaluateMetric(metric, sample, champion);
  const isLost = typeof evaluateMetric(metric, sample, challenger) !== 'number';
  return isLost && typeof before === 'number' ? before : undefined;
}

/** The guarded slices of all rules and the Holm-adjusted p of harm of each; no p where they are too many for any to be small enough. */
type Guards = { readonly count: number; readonly adjusted: ReadonlyMap<Slice, number> };

/**
 * The guard slices of all rules share one family, so that the chance to block a good model stays at 5% however many there are. Must-hold
 * slices need no correction, since all must pass.
 */
export function adjustGuards(compared: readonly ComparedSlices[]): Guards {
  const guarded = compared.map(({ task, slices }) =>
    task.rule.policy === 'guard' ? slices.filter(isJudged) : [],
  );
  const all = guarded.flat();
  const count = all.length;
  if (count > MOST_GUARDED) return { count, adjusted: new Map() };
  const adjusted = adjustHolm(guarded.flatMap((slices) => harmOfFamily(slices, count)));
  return { count, adjusted: new Map(all.map((slice, index) => [slice, adjusted[index] ?? 1])) };
}

/** The check of one slices rule; `adjusted` is what `adjustGuards` gives for all of them. */
export function concludeSlices({ task, slices }: ComparedSlices, { count, adjusted }: Guards): Check {
  if (slices.length === 0) return unknownColumn(task);
  if (task.rule.policy === 'guard' && count > MOST_GUARDED) return withoutPower(task, count);
  return checkOf(task, slices, adjusted);
}

function isJudged(slice: Slice): boolean {
  return slice.comparison !== undefined;
}

function checkOf(task: SlicesTask, slices: readonly Slice[], adjustedOf: ReadonlyMap<Slice, number>): Check {
  const { rule, metric } = task;
  const rows = slices.map((slice) => rowOf(rule, slice, adjustedOf.get(slice)));
  const judged = rows.filter((row) => row.verdict !== undefined);
  const verdict = verdictOf(judged);
  return {
    rule: `slices: ${rule.policy}`,
    metric: metric.name,
    unit: metric.unit,
    need: sayRule(rule, metric.unit).need,
    verdict,
    reasons: reasonsOf(task, rows, verdict),
    slices: rows,
    ...(verdict === 'inconclusive' ? { toSettle: settleSlices(task, rows) } : {}),
  };
}

function rowOf(rule: SlicesRule, slice: Slice, adjustedP: number | undefined): SliceRow {
  const { name, rows, comparison, lost, margin } = slice;
  if (comparison === undefined) {
    // A slice that must hold and is too small to show it has not held; where the champion alone has a value no slice holds.
    return {
      slice: name,
      rows,
      ...(lost === undefined ? {} : { champion: lost }),
      ...(rule.policy === 'must-hold' || lost !== undefined ? { verdict: 'inconclusive' as const } : {}),
    };
  }
  const { champion, challenger, estimate, interval } = comparison;
  return {
    slice: name,
    rows,
    champion,
    challenger,
    change: { estimate, interval },
    margin,
    resolvable: resolvableMargin(comparison),
    ...(adjustedP === undefined ? {} : { adjustedP }),
    verdict: rule.policy === 'guard' ? guardVerdict(adjustedP ?? 1) : holdVerdict(interval, margin),
  };
}

function guardVerdict(adjustedP: number): Verdict {
  return adjustedP <= ALPHA ? 'fail' : 'pass';
}

function holdVerdict({ low, high }: Interval, margin: number): Verdict {
  if (low > -margin) return 'pass';
  return high < -margin ? 'fail' : 'inconclusive';
}

function verdictOf(judged: readonly SliceRow[]): Verdict {
  if (judged.some((row) => row.verdict === 'fail')) return 'fail';
  return judged.length === 0 || judged.some((row) => row.verdict !== 'pass') ? 'inconclusive' : 'pass';
}

function reasonsOf(task: SlicesTask, rows: readonly SliceRow[], verdict: Verdict): Reason[] {
  const { rule, metric } = task;
  const open = rows.filter((row) => row.verdict === verdict && verdict !== 'pass');
  if (open.length > 0) return open.slice(0, 5).map((row) => reasonOfSlice(task, row, verdict));
  const judged = rows.filter((row) => row.change !== undefined);
  if (judged.length === 0) {
    return [
      {
        code: 'no-slice-large-enough',
        metric: metric.name,
        message: `${metric.name} by ${rule.column}: none of ${rows.length} slices has the ${MIN_ROWS} rows of both kinds that it takes.`,
      },
    ];
  }
  const small = rows.length - judged.length;
  const rest = small === 0 ? '' : `; ${small} too small to judge`;
  const shown = rule.policy === 'guard' ? 'none shown worse' : 'all shown not worse';
  return [
    {
      code: rule.policy === 'guard' ? 'no-slice-worse' : 'slices-hold',
      metric: metric.name,
      message: `${metric.name} by ${rule.column}: ${judged.length} slices, ${shown}${sayBeyond(rule.margin, metric.unit)}${rest}.`,
      sampleSize: rows.reduce((sum, row) => sum + row.rows, 0),
    },
  ];
}

function reasonOfSlice(task: SlicesTask, row: SliceRow, verdict: Verdict): Reason {
  const { rule, metric } = task;
  const name = `${rule.column} = ${row.slice}`;
  const { change, champion, challenger } = row;
  if (change === undefined && champion !== undefined) {
    const message = `${metric.name} where ${name}: the champion has ${formatValue(champion, metric.unit)} on ${formatCount(row.rows)} rows, and the challenger has no value.`;
    return { code: 'slice-without-value', metric: metric.name, message, sampleSize: row.rows };
  }
  if (change === undefined || champion === undefined || challenger === undefined) {
    const message = `${metric.name} where ${name}: ${formatCount(row.rows)} rows are too few to show that it holds.`;
    return { code: 'slice-too-small', metric: metric.name, message, sampleSize: row.rows };
  }
  const change95 = `${formatChange(change.estimate, metric.unit)} [${formatChange(change.interval.low, metric.unit)}, ${formatChange(change.interval.high, metric.unit)}]`;
  const values = `${formatValue(challenger, metric.unit)} against ${formatValue(champion, metric.unit)}`;
  const message = `${metric.name} where ${name}: ${values} on ${formatCount(row.rows)} rows, ${change95}.`;
  return {
    code: verdict === 'fail' ? 'slice-worse' : 'slice-not-settled',
    metric: metric.name,
    message,
    observed: change.estimate,
    sampleSize: row.rows,
    interval: change.interval,
  };
}

function settleSlices(task: SlicesTask, rows: readonly SliceRow[]): string {
  const lost = rows.filter((row) => row.change === undefined && row.champion !== undefined);
  if (lost.length > 0) {
    return `${task.metric.name}: answers of the challenger that it has a value of, where ${task.rule.column} is ${nameSome(lost)}.`;
  }
  const judged = rows.some((row) => row.change !== undefined);
  if (!judged) return whatSettles('no-slice-large-enough', task.metric.name) ?? '';
  const open = rows.filter((row) => row.verdict !== 'pass');
  return `${task.metric.name}: more holdout rows where ${task.rule.column} is ${nameSome(open)}, or a wider margin for these slices.`;
}

function nameSome(rows: readonly SliceRow[]): string {
  const names = rows.slice(0, 5).map(({ slice }) => slice);
  return `${names.join(', ')}${rows.length > 5 ? ` and ${rows.length - 5} more` : ''}`;
}

function unknownColumn({ rule, metric }: SlicesTask): Check {
  const why = {
    code: 'unknown-column',
    message: `the predictions have no slice column ${JSON.stringify(rule.column)}.`,
  };
  const need = `by ${rule.column}`;
  return undecided({ rule: `slices: ${rule.policy}`, metric: metric.name, need, why });
}

function withoutPower({ rule, metric }: SlicesTask, count: number): Check {
  const why = {
    code: 'guard-without-power',
    message: `${formatCount(count)} guarded slices of all rules share one error, and at most ${formatCount(MOST_GUARDED)} can: no slice could be shown worse.`,
  };
  return undecided({
    rule: `slices: ${rule.policy}`,
    metric: metric.name,
    need: `no ${rule.column} shown worse`,
    why,
  });
}
