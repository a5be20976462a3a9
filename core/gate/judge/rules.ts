import type { Problem } from '../../errors.ts';
import { ok, type Result } from '../../result.ts';
import type { Check } from '../check.ts';
import { ALPHA } from '../comparison/comparison.ts';
import type { GateEvidence, GateInput } from '../gate-input.ts';
import { evaluateMetric, type Metric } from '../metrics/metric.ts';
import { findMlflowMetric, rowMetric } from '../metrics/metrics.ts';
import { resolveMetric } from '../metrics/resolve-metric.ts';
import type {
  CompareRule,
  ExamplesRule,
  FloorRule,
  GateRule,
  MlflowRule,
  SlicesRule,
} from '../rules/rule.ts';
import { judgeAnchor } from './anchor.ts';
import { judgeBudget } from './budgets.ts';
import { judgeCompare } from './compare.ts';
import { judgeExamples } from './examples.ts';
import { judgeFairness } from './fairness.ts';
import { judgeFloor, judgeLoggedFloor } from './floor.ts';
import { superiorityAlpha } from './holdout-reuse.ts';
import { judgeMlflow } from './mlflow.ts';
import { judgeSignature } from './signature.ts';
import { adjustGuards, type ComparedSlices, compareSlices, concludeSlices } from './slices.ts';
import { undecided } from './undecided.ts';

/**
 * What one rule came to by itself, and `beside` it what it came to against another champion. `unresolved` rules name a metric that nobody knows. Two kinds wait for the others: slices for
 * Holm's correction over all slices rules, and a rule without a champion for the floors.
 */
type RuleOutcome =
  | { readonly kind: 'checked'; readonly rule: GateRule; readonly check: Check; readonly beside?: Check }
  | { readonly kind: 'unresolved'; readonly check: Check; readonly problem: Problem }
  | { readonly kind: 'sliced'; readonly compared: ComparedSlices }
  | { readonly kind: 'no-champion'; readonly rule: GateRule };

/** Every rule's check, in the order of the rules, and the problems that kept rules from being judged. */
type JudgedRules = { readonly checks: readonly Check[]; readonly problems: readonly Problem[] };

/** Judges every rule. `evidence` is `undefined` when the predictions are unfit to be judged. */
export function judgeRules(input: GateInput, evidence: GateEvidence | undefined): JudgedRules {
  const outcomes = input.rules.map((rule) => judgeOne(rule, input, evidence));
  const sliced = outcomes.flatMap((outcome) => (outcome.kind === 'sliced' ? [outcome.compared] : []));
  const guards = adjustGuards(sliced);
  const withoutChampion = outcomes.some(isHeldFloor) ? restOnFloors : lackFloor;
  const conclude = (outcome: RuleOutcome): readonly Check[] => {
    switch (outcome.kind) {
      case 'checked':
        return outcome.beside === undefined ? [outcome.check] : [outcome.check, outcome.beside];
      case 'unresolved':
        return [outcome.check];
      case 'sliced':
        return [concludeSlices(outcome.compared, guards)];
      case 'no-champion':
        return [withoutChampion(outcome.rule)];
    }
  };
  return {
    checks: outcomes.flatMap(conclude),
    problems: outcomes.flatMap((outcome) => (outcome.kind === 'unresolved' ? [outcome.problem] : [])),
  };
}

function judgeOne(rule: GateRule, input: GateInput, evidence: GateEvidence | undefined): RuleOutcome {
  switch (rule.kind) {
    case 'latency':
    case 'size':
      // The package is not built yet when predictions are compared, so nothing of it is measured.
      return checked(rule, judgeBudget(rule, {}));
    case 'signature':
      return checked(rule, judgeSignature(input.signatures));
    case 'examples':
      return checked(rule, judgeBehaviour(rule, input));
    case 'mlflow':
      return judgeThreshold(rule, input, evidence);
    case 'floor':
      return judgeLimit(rule, input, evidence);
    case 'fairness':
      return checked(
        rule,
        evidence === undefined ? unfit(rule, rule.metric) : judgeFairness(rule, evidence, input.seed),
      );
    case 'compare':
    case 'slices':
      return judgeComparison(rule, input, evidence);
  }
}

function judgeBehaviour(rule: ExamplesRule, { behaviour, challenger }: GateInput): Check {
  const given = behaviour?.files.find(({ examples }) => examples.path === rule.path);
  const { task, isOpen = false } = challenger;
  const isListed = (task === 'binary' || task === 'multiclass' || task === 'multilabel') && !isOpen;
  const classes = isListed ? challenger.classes : undefined;
  return judgeExamples(rule, given, { task, contract: behaviour?.contract ?? {}, classes });
}

function judgeLimit(rule: FloorRule, input: GateInput, evidence: GateEvidence | undefined): RuleOutcome {
  if (evidence === undefined) return checked(rule, unfit(rule, rule.metric));
  const metric = resolveMetric(rule, evidence.sample.task, evidence.challenger);
  if (metric.ok) {
    return checked(rule, judgeFloor({ rule, metric: metric.value }, evidence.sample, evidence.challenger));
  }
  const logged = input.userMetrics?.challenger[rule.metric];
  if (logged !== undefined && Number.isFinite(logged)) return checked(rule, judgeLoggedFloor(rule, logged));
  return unresolved(rule, metric.error);
}

function judgeComparison(
  rule: CompareRule | SlicesRule,
  input: GateInput,
  evidence: GateEvidence | undefined,
): RuleOutcome {
  if (evidence === undefined) return checked(rule, unfit(rule, rule.metric));
  const metric = resolveMetric(rule, evidence.sample.task, evidence.challenger);
  if (!metric.ok) {
    const isLogged = input.userMetrics?.challenger[rule.metric] !== undefined;
    return isLogged ? checked(rule, withoutRows(rule)) : unresolved(rule, metric.error);
  }
  const { seed, names, holdout } = input;
  if (evidence.pair === undefined) return { kind: 'no-champion', rule };
  if (rule.kind === 'slices') {
    return { kind: 'sliced', compared: compareSlices({ rule, metric: metric.value }, evidence.pair, seed) };
  }
  const alpha = rule.require === 'superior' ? superiorityAlpha(holdout.gatesSoFar) : ALPHA;
  const task = { rule, metric: metric.value };
  const anchor = judgeAnchor(task, evidence.anchors, { names, seed });
  return {
    ...checked(rule, judgeCompare(task, evidence.pair, { alpha, seed, names })),
    ...(anchor && { beside: anchor }),
  };
}

/** The holdout's own value of the metric, by MLflow's definition, if it has one, else the one that the run logged. */
function judgeThreshold(rule: MlflowRule, input: GateInput, evidence: GateEvidence | undefined): RuleOutcome {
  const isFirst = input.champion === undefined;
  // Nothing is left of a rule that only asks for a change.
  if (isFirst && rule.threshold === undefined) return { kind: 'no-champion', rule };
  const metric = evidence && findThresholdMetric(rule, evidence);
  const measure = (who: 'champion' | 'challenger'): number | undefined => {
    const side = who === 'challenger' ? evidence?.challenger : evidence?.pair?.champion;
    if (evidence === undefined || side === undefined || !metric?.ok) return undefined;
    const value = evaluateMetric(metric.value, evidence.sample, side);
    return typeof value === 'number' ? value : undefined;
  };
  const logged = (who: 'champion' | 'challenger') => input.userMetrics?.[who]?.[rule.metric];
  const sides = isFirst ? (['challenger'] as const) : (['champion', 'challenger'] as const);
  const asLogged = sides.filter((who) => measure(who) === undefined && logged(who) !== undefined);
  const { minAbsoluteChange: _absolute, minRelativeChange: _relative, ...alone } = rule;
  const check = judgeMlflow(
    isFirst ? alone : rule,
    measure('challenger') ?? logged('challenger'),
    isFirst ? undefined : (measure('champion') ?? logged('champion')),
  );
  return checked(rule, asLogged.length === 0 ? check : { ...check, asLogged });
}

/** As `resolveMetric`, by MLflow's definition. */
function findThresholdMetric(
  { metric: name }: MlflowRule,
  { sample, challenger }: GateEvidence,
): Result<Metric, Problem> {
  const found = findMlflowMetric(name, sample.task);
  const own = found.ok ? undefined : rowMetric(name, challenger);
  return own === undefined ? found : ok(own);
}

function checked(rule: GateRule, check: Check): RuleOutcome & { readonly kind: 'checked' } {
  return { kind: 'checked', rule, check };
}

function unresolved(rule: GateRule, problem: Problem): RuleOutcome {
  const need = 'a known metric';
  return {
    kind: 'unresolved',
    check: undecided({ rule: rule.kind, metric: metricOf(rule), need, why: problem }),
    problem,
  };
}

function isHeldFloor(outcome: RuleOutcome): boolean {
  if (outcome.kind !== 'checked' || outcome.check.verdict !== 'pass') return false;
  const { rule } = outcome;
  return rule.kind === 'floor' || (rule.kind === 'mlflow' && rule.threshold !== undefined);
}

/** For the first model of a name a comparison has nothing to compare with; floors alone decide, and here they hold. */
function restOnFloors(rule: GateRule): Check {
  const why = 'there is no champion to compare with, and the floors hold.';
  return { ...noChampion(rule, why), verdict: 'pass' };
}

/** Without a floor that holds, nothing says how good a first model must be. */
function lackFloor(rule: GateRule): Check {
  const why = 'there is no champion to compare with, and no floor that says how good a first model must be.';
  const toSettle = `Add a floor, such as { metric: ${metricOf(rule)}, floor: … }, for the first model.`;
  return { ...noChampion(rule, why), verdict: 'inconclusive', toSettle };
}

function noChampion(rule: GateRule, why: string): Omit<Check, 'verdict'> {
  const metric = metricOf(rule);
  return {
    rule: rule.kind,
    metric,
    need: 'a champion',
    reasons: [{ code: 'no-champion', metric, message: `${metric}: ${why}` }],
  };
}

function withoutRows(rule: CompareRule | SlicesRule): Check {
  const why = {
    code: 'no-rows-behind-metric',
    message: 'the runs logged one number each, and one number has no uncertainty to judge by.',
  };
  return {
    ...undecided({ rule: rule.kind, metric: rule.metric, need: 'values per row', why }),
    toSettle: `Say under data.holdout.metrics how ${rule.metric} is computed row by row, or judge it by mlflow's thresholds.`,
  };
}

function unfit(rule: GateRule, metric: string): Check {
  const why = {
    code: 'unfit-predictions',
    message: 'the predictions are unfit to be judged (see the problems).',
  };
  return undecided({ rule: rule.kind, metric, need: 'predictions that can be judged', why });
}

function metricOf(rule: GateRule): string {
  return 'metric' in rule ? rule.metric : rule.kind;
}
