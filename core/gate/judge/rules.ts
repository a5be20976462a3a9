import type { Problem } from '../../errors.ts';
import type { Reason } from '../../verdict.ts';
import type { Check } from '../check.ts';
import type { Evidence, GateInput } from '../gate-input.ts';
import { evaluateMetric, type Metric } from '../metrics/metric.ts';
import { findMetric, rowMetric } from '../metrics/metrics.ts';
import type { CompareRule, FloorRule, GateRule, MlflowRule, SlicesRule } from '../rules/rule.ts';
import { judgeBudgets } from './budgets.ts';
import { ALPHA, judgeCompare, undecided } from './compare.ts';
import { judgeFairness } from './fairness.ts';
import { judgeFloor, judgeLoggedFloor } from './floor.ts';
import { superiorityAlpha } from './holdout-reuse.ts';
import { judgeMlflow } from './mlflow.ts';
import { judgeSignature } from './signature.ts';
import { judgeSlices, type SlicesTask } from './slices.ts';

/** The rule cannot be judged yet: it waits for the others' verdicts (no champion), or for the other slices rules (Holm). */
type Pending =
  | { readonly pending: 'no-champion'; readonly rule: GateRule }
  | { readonly pending: 'slices'; readonly task: SlicesTask };

type Judged = { readonly checks: readonly Check[]; readonly problems: readonly Problem[] };

/** Every rule's check, in the order of the rules. `evidence` is `undefined` when the predictions are unfit to be judged. */
export function judgeRules(input: GateInput, evidence: Evidence | undefined): Judged {
  const problems: Problem[] = [];
  const first = input.rules.map((rule) => judgeOne(rule, input, evidence, problems));
  const tasks = first.flatMap((outcome) =>
    'pending' in outcome && outcome.pending === 'slices' ? [outcome.task] : [],
  );
  const sliced = evidence?.pair === undefined ? [] : judgeSlices(tasks, evidence.pair, input.seed);
  const floorHeld = first.some((outcome, index) => isHeldFloor(input.rules[index], outcome));
  let next = 0;
  const checks = first.flatMap((outcome): Check[] => {
    if ('verdict' in outcome) return [outcome];
    if (outcome.pending === 'no-champion') return [withoutChampion(outcome.rule, floorHeld)];
    const check = sliced[next];
    next += 1;
    return check === undefined ? [] : [check];
  });
  return { checks, problems };
}

function judgeOne(
  rule: GateRule,
  input: GateInput,
  evidence: Evidence | undefined,
  problems: Problem[],
): Check | Pending {
  switch (rule.kind) {
    case 'latency':
    case 'size': {
      const [check] = judgeBudgets([rule], input).checks;
      return (
        check ??
        undecided(rule.kind, rule.kind, 'measured', { code: 'not-measured', message: 'not measured.' })
      );
    }
    case 'signature':
      return judgeSignature(input.signatures);
    case 'mlflow':
      return judgeThreshold(rule, input, evidence);
    case 'floor':
      return judgeLimit(rule, input, evidence, problems);
    case 'fairness':
      if (evidence === undefined) return unfit(rule, rule.metric);
      return judgeFairness(rule, evidence.sample, evidence.challenger, evidence.pair?.champion, input.seed);
    case 'compare':
    case 'slices':
      return judgeComparison(rule, input, evidence, problems);
  }
}

function judgeLimit(
  rule: FloorRule,
  input: GateInput,
  evidence: Evidence | undefined,
  problems: Problem[],
): Check {
  if (evidence === undefined) return unfit(rule, rule.metric);
  const found = resolveMetric(rule.metric, input, evidence);
  if ('name' in found) return judgeFloor(rule, found, evidence.sample, evidence.challenger);
  const logged = input.userMetrics?.challenger[rule.metric];
  if (logged !== undefined && Number.isFinite(logged)) return judgeLoggedFloor(rule, logged);
  problems.push(found);
  return unknown(rule, found);
}

function judgeComparison(
  rule: CompareRule | SlicesRule,
  input: GateInput,
  evidence: Evidence | undefined,
  problems: Problem[],
): Check | Pending {
  if (evidence === undefined) return unfit(rule, rule.metric);
  const found = resolveMetric(rule.metric, input, evidence);
  if (!('name' in found)) {
    if (input.userMetrics?.challenger[rule.metric] !== undefined) return withoutRows(rule);
    problems.push(found);
    return unknown(rule, found);
  }
  if (evidence.pair === undefined) return { pending: 'no-champion', rule };
  if (rule.kind === 'slices') return { pending: 'slices', task: { rule, metric: found } };
  const alpha = rule.require === 'superior' ? superiorityAlpha(input.holdout.gatesSoFar) : ALPHA;
  return judgeCompare(rule, found, evidence.pair, input.names, { alpha, seed: input.seed });
}

/** The holdout's own value of the metric if it has one, else the one that the run logged. */
function judgeThreshold(rule: MlflowRule, input: GateInput, evidence: Evidence | undefined): Check {
  const found = evidence === undefined ? undefined : resolveMetric(rule.metric, input, evidence);
  const metric = found !== undefined && 'name' in found ? found : undefined;
  const measure = (who: 'champion' | 'challenger'): number | undefined => {
    const side = who === 'challenger' ? evidence?.challenger : evidence?.pair?.champion;
    const logged = input.userMetrics?.[who]?.[rule.metric];
    if (metric === undefined || evidence === undefined || side === undefined) return logged;
    const value = evaluateMetric(metric, evidence.sample, side);
    return typeof value === 'number' ? value : logged;
  };
  if (input.champion !== undefined) return judgeMlflow(rule, measure('challenger'), measure('champion'));
  const { minAbsoluteChange: _absolute, minRelativeChange: _relative, ...alone } = rule;
  return judgeMlflow(alone, measure('challenger'), undefined);
}

/** A metric of ours, else one that the caller brings, else one that the predictions carry row by row. */
function resolveMetric(name: string, input: GateInput, evidence: Evidence): Metric | Problem {
  const { task } = evidence.sample;
  const found = findMetric(name, task);
  if (found.ok) return found.value;
  const own = input.ownMetrics?.find((metric) => metric.name === name && metric.tasks.includes(task));
  return own ?? rowMetric(name, evidence.challenger) ?? found.error;
}

function isHeldFloor(rule: GateRule | undefined, outcome: Check | Pending): boolean {
  const sets = rule?.kind === 'floor' || (rule?.kind === 'mlflow' && rule.threshold !== undefined);
  return sets && 'verdict' in outcome && outcome.verdict === 'pass';
}

/** For the first model of a name a comparison has nothing to compare with; floors alone decide, and there must be one. */
function withoutChampion(rule: GateRule, floorHeld: boolean): Check {
  const metric = 'metric' in rule ? rule.metric : rule.kind;
  const message = floorHeld
    ? `${metric}: there is no champion to compare with, and the floors hold.`
    : `${metric}: there is no champion to compare with, and no floor that says how good a first model must be.`;
  const reason: Reason = { code: 'no-champion', metric, message };
  return {
    rule: rule.kind,
    metric,
    need: 'a champion',
    verdict: floorHeld ? 'pass' : 'inconclusive',
    reasons: [reason],
    ...(floorHeld
      ? {}
      : { toSettle: `Add a floor, such as { metric: ${metric}, floor: … }, for the first model.` }),
  };
}

function withoutRows(rule: CompareRule | SlicesRule): Check {
  return {
    ...undecided(rule.kind, rule.metric, 'values per row', {
      code: 'no-rows-behind-metric',
      message: 'the runs logged one number each, and one number has no uncertainty to judge by.',
    }),
    toSettle: `Say under data.holdout.metrics how ${rule.metric} is computed row by row, or judge it by mlflow's thresholds.`,
  };
}

function unfit(rule: GateRule, metric: string): Check {
  const why = {
    code: 'unfit-predictions',
    message: 'the predictions are unfit to be judged (see the problems).',
  };
  return undecided(rule.kind, metric, 'predictions that can be judged', why);
}

function unknown(rule: GateRule, problem: Problem): Check {
  const metric = 'metric' in rule ? rule.metric : rule.kind;
  return undecided(rule.kind, metric, 'a known metric', { code: problem.code, message: problem.message });
}
