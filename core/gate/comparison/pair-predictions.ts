import type { Problem } from '../../errors.ts';
import { err, ok, type Result } from '../../result.ts';
import { checkPredictions } from '../check-predictions.ts';
import { type Pair, type Predictions, sampleOf, sideAt, sideOf } from '../predictions.ts';

/**
 * Lays two models' predictions side by side by id, in the challenger's order. Every reason why they cannot be compared is a problem:
 * bad values in either, other examples, other labels, another task or other classes.
 */
export function pairPredictions(champion: Predictions, challenger: Predictions): Result<Pair, Problem[]> {
  const own = [...checkPredictions(champion, 'champion'), ...checkPredictions(challenger, 'challenger')];
  if (own.length > 0) return err(own);
  const shape = differingShape(champion, challenger);
  if (shape !== undefined) return err([shape]);
  const rows = rowsInOrder(champion.ids, challenger.ids);
  if (!rows.ok) return err([rows.error]);
  const reordered = sideAt(sideOf(champion), rows.value);
  const labels = Float64Array.from(rows.value, (row) => champion.labels[row] ?? Number.NaN);
  const relabelled = labels.reduce(
    (count, label, row) => count + (label === challenger.labels[row] ? 0 : 1),
    0,
  );
  if (relabelled > 0) return err([differentLabels(relabelled, labels.length)]);
  return ok({ sample: sampleOf(challenger), champion: reordered, challenger: sideOf(challenger) });
}

function differingShape(champion: Predictions, challenger: Predictions): Problem | undefined {
  if (champion.task !== challenger.task) {
    return {
      code: 'different-task',
      message: `The champion does ${champion.task} and the challenger ${challenger.task}.`,
      remedy: 'Compare models of the same task, or start a new model name for the new task.',
    };
  }
  if (champion.classes.join('\0') === challenger.classes.join('\0')) return undefined;
  return {
    code: 'different-classes',
    message: `The champion knows the classes ${list(champion.classes)}, the challenger ${list(challenger.classes)}.`,
    remedy: 'Give both models the same classes in the same order, or start a new model name.',
  };
}

/** For each id of `wanted` its row in `ids`; both hold each id once. */
function rowsInOrder(ids: readonly string[], wanted: readonly string[]): Result<Uint32Array, Problem> {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const missing = wanted.filter((id) => !rowOf.has(id));
  const wantedIds = new Set(wanted);
  const extra = ids.filter((id) => !wantedIds.has(id));
  if (missing.length === 0 && extra.length === 0) {
    return ok(Uint32Array.from(wanted, (id) => rowOf.get(id) ?? 0));
  }
  const only = (count: number, first: string | undefined, who: string): string =>
    first === undefined ? '' : ` ${count} only the ${who} has (such as ${JSON.stringify(first)}).`;
  return err({
    code: 'different-examples',
    message:
      `Champion and challenger were not run on the same examples:` +
      `${only(extra.length, extra[0], 'champion')}${only(missing.length, missing[0], 'challenger')}`,
    remedy: 'Run both models on the same holdout, with the same id column.',
  });
}

function differentLabels(count: number, rows: number): Problem {
  return {
    code: 'different-labels',
    message: `${count} of ${rows} examples have another label in the champion's predictions than in the challenger's.`,
    remedy:
      'Predict again with both models on the present holdout: its labels have changed between the two runs.',
  };
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown}, … (${names.length})` : shown || '(none)';
}
