import { defaultMargin } from '../../gate/metrics/metrics.ts';
import type { CompareRule, FloorRule, GateRule, SlicesRule } from '../../gate/rules/rule.ts';
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
  const problems = findProblems(entry);
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

function floorRule({ floor, ceiling }: RawGateEntry, metric: string): FloorRule {
  return { kind: 'floor', metric, ...optional('floor', floor), ...optional('ceiling', ceiling) };
}

function compareRule(entry: RawGateEntry, metric: string): CompareRule {
  return {
    kind: 'compare',
    metric,
    require: entry.require ?? 'non-inferior',
    margin: entry.margin ?? defaultMargin(metric),
    ...optional('minImprovement', entry['min-improvement']),
    ...optional('anchorMargin', entry['anchor-margin']),
  };
}

function slicesRule(entry: RawGateEntry, metric: string, column: string): SlicesRule {
  return {
    kind: 'slices',
    metric,
    column,
    policy: entry['slice-policy'] ?? 'guard',
    margin: entry['slice-margin'] ?? entry.margin ?? defaultMargin(metric),
  };
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
