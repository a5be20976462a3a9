import { METRICS_OF_A_CLASS } from '../../gate/metrics/detailed.ts';
import { defaultMargin, metricName } from '../../gate/metrics/metrics.ts';
import type { CompareRule, FloorRule, GateRule, MetricDetail, SlicesRule } from '../../gate/rules/rule.ts';
import { err, ok, type Result } from '../../result.ts';
import type { CrossProblem } from '../cross-problem.ts';
import { optional } from '../optional.ts';
import type { RawGateEntry } from '../schema/gate.ts';
import { misfitOf } from './misfit.ts';

/** The rules of an entry on a metric of the holdout: a limit, a comparison with the champion, and one rule for each column of slices. */
export function readMetricEntry(
  entry: RawGateEntry,
  metric: string,
): Result<readonly GateRule[], readonly CrossProblem[]> {
  const problems = [...findProblems(entry), ...findDetailProblems(entry, metric)];
  if (problems.length > 0) return err(problems);
  const { floor, ceiling, slices, require, margin } = entry;
  const hasLimit = floor !== undefined || ceiling !== undefined;
  const isBare = !hasLimit && slices === undefined;
  return ok([
    ...(hasLimit ? [floorRule(entry, metric)] : []),
    ...(require !== undefined || margin !== undefined || entry['anchor-margin'] !== undefined || isBare
      ? [compareRule(entry, metric)]
      : []),
    ...(slices ?? []).map((column) => slicesRule(entry, metric, column)),
  ]);
}

function floorRule(entry: RawGateEntry, metric: string): FloorRule {
  const { floor, ceiling } = entry;
  const detail = detailOf(entry);
  return { kind: 'floor', metric, ...optional('floor', floor), ...optional('ceiling', ceiling), ...detail };
}

function compareRule(entry: RawGateEntry, metric: string): CompareRule {
  return {
    kind: 'compare',
    metric,
    require: entry.require ?? 'non-inferior',
    margin: entry.margin ?? defaultMargin(metric),
    ...optional('minImprovement', entry['min-improvement']),
    ...optional('anchorMargin', entry['anchor-margin']),
    ...detailOf(entry),
  };
}

function slicesRule(entry: RawGateEntry, metric: string, column: string): SlicesRule {
  return {
    kind: 'slices',
    metric,
    column,
    policy: entry['slice-policy'] ?? 'guard',
    margin: entry['slice-margin'] ?? entry.margin ?? defaultMargin(metric),
    ...detailOf(entry),
  };
}

function detailOf({ class: ofClass, costs, quantile }: RawGateEntry): { readonly detail?: MetricDetail } {
  const detail = {
    ...optional('class', ofClass),
    ...optional('costs', costs),
    ...optional('quantile', quantile),
  };
  return Object.keys(detail).length === 0 ? {} : { detail };
}

/** Keys that belong to other metrics, and those that a metric can't do without. */
function findDetailProblems(entry: RawGateEntry, metric: string): readonly CrossProblem[] {
  const name = metricName(metric);
  const owners: Readonly<Record<'class' | 'costs' | 'quantile', readonly string[]>> = {
    class: METRICS_OF_A_CLASS,
    costs: ['expected-cost'],
    quantile: ['pinball'],
  };
  const keys = ['class', 'costs', 'quantile'] as const;
  const misplaced = keys
    .filter((key) => entry[key] !== undefined && !owners[key].includes(name))
    .map((key) => {
      const metrics = owners[key].map((owner) => `\`${owner}\``).join(', ');
      return misfitOf(key, `\`${key}\` does not go with \`${metric}\`.`, `It goes with ${metrics}.`);
    });
  const needed = { 'expected-cost': 'costs', pinball: 'quantile' } as const;
  const missing = Object.entries(needed)
    .filter(([owner, key]) => owner === name && entry[key] === undefined)
    .map(([, key]) => misfitOf('metric', `\`${metric}\` needs \`${key}\`.`, `Add \`${key}\` to the entry.`));
  return [...misplaced, ...missing];
}

function findProblems(entry: RawGateEntry): readonly CrossProblem[] {
  const problems: CrossProblem[] = [];
  const { floor, ceiling } = entry;
  if (floor !== undefined && ceiling !== undefined && floor > ceiling) {
    problems.push(
      misfitOf(
        'floor',
        `The floor ${floor} lies above the ceiling ${ceiling}: nothing can pass.`,
        'Keep the one that fits the metric: a floor for scores, a ceiling for losses.',
      ),
    );
  }
  if (entry.require === 'superior' && entry.margin !== undefined && entry.slices === undefined) {
    problems.push(
      misfitOf(
        'margin',
        'A margin says how much worse is still acceptable, and `require: superior` accepts nothing worse.',
        'Use `min-improvement` for how much better it must be, or `require: non-inferior`.',
      ),
    );
  }
  if (entry['min-improvement'] !== undefined && entry.require !== 'superior') {
    problems.push(
      misfitOf(
        'min-improvement',
        '`min-improvement` asks for a better model.',
        'Add `require: superior`, or leave it out.',
      ),
    );
  }
  for (const key of ['slice-policy', 'slice-margin'] as const) {
    if (entry[key] !== undefined && entry.slices === undefined) {
      problems.push(misfitOf(key, `\`${key}\` needs slices.`, 'Add `slices: <column>`, or leave it out.'));
    }
  }
  return problems;
}
