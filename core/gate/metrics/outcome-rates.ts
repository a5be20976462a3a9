import { compareNames, groupRows } from '../comparison/group-rows.ts';
import type { Sample, Side } from '../predictions.ts';
import type { FairnessRule } from '../rules/rule.ts';

/** One thing that should be equally frequent in every group: which rows count, and in which of them it happened. */
export type GroupOutcome = {
  readonly name: string;
  readonly counts: (row: number) => boolean;
  readonly happened: (row: number, side: Side) => boolean;
};

/** How often an outcome happened in one group. */
export type GroupRate = {
  readonly group: string;
  readonly rows: Uint32Array;
  readonly rate: number;
  /** Rows that carry as much information if they were independent; fewer than `rows` where users repeat. */
  readonly effectiveRows: number;
};

/**
 * Demographic parity: how often each answer is given; equalized odds: how often it is given where it is right and where it is wrong.
 * For two classes the positive answer alone, else every class against the rest.
 */
export function outcomesOf(rule: FairnessRule, sample: Sample): GroupOutcome[] {
  const classes = sample.task === 'binary' ? [1] : sample.classes.map((_, index) => index);
  return classes.flatMap((index): GroupOutcome[] => {
    const answer = `answered ${sample.classes[index] ?? index}`;
    const happened = (row: number, side: Side): boolean => side.predictions[row] === index;
    if (rule.metric === 'demographic-parity') return [{ name: answer, counts: () => true, happened }];
    return [
      { name: `${answer}, rightly`, counts: (row) => sample.labels[row] === index, happened },
      { name: `${answer}, wrongly`, counts: (row) => sample.labels[row] !== index, happened },
    ];
  });
}

/** The rate of `outcome` in every group of a column (`values`, one per row), in the order of the names. */
export function ratesOf(
  outcome: GroupOutcome,
  values: readonly string[],
  { sample, side }: { readonly sample: Sample; readonly side: Side },
): GroupRate[] {
  const { names, rowsOf } = groupRows(values.map((value) => (value === '' ? '(missing)' : value)));
  const rates = names.map((group, place): GroupRate => {
    const rows = (rowsOf[place] ?? new Uint32Array()).filter((row) => outcome.counts(row));
    const hits = Uint8Array.from(rows, (row) => (outcome.happened(row, side) ? 1 : 0));
    const rate = rows.length === 0 ? 0 : hits.reduce((sum, hit) => sum + hit, 0) / rows.length;
    const { groups } = sample;
    const owners = groups && Array.from(rows, (row) => groups[row] ?? '');
    return { group, rows, rate, effectiveRows: effectiveRows(hits, rate, owners) };
  });
  return rates.sort((a, b) => compareNames(a.group, b.group));
}

/** n over the design effect: the spread of the rate between users against what independent rows would show. */
function effectiveRows(hits: Uint8Array, rate: number, owners: readonly string[] | undefined): number {
  if (owners === undefined || hits.length === 0) return hits.length;
  const { rowsOf } = groupRows(owners);
  const units = rowsOf.length;
  if (units < 2) return units;
  const residuals = rowsOf.map((places) => places.reduce((sum, place) => sum + (hits[place] ?? 0) - rate, 0));
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const variance = (squares * units) / (units - 1) / hits.length ** 2;
  return variance === 0 ? units : Math.min(hits.length, (rate * (1 - rate)) / variance);
}
