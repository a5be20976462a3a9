/** How much worse still counts as not worse: in the metric's own unit, or as a share of the champion's value. */
export type Margin = number | { readonly relative: number };

/** The margin in the metric's own unit, beside a champion of this value. */
export function absoluteMargin(margin: Margin, champion: number): number {
  return typeof margin === 'number' ? margin : margin.relative * Math.abs(champion);
}

/** Twice the margin. */
export function doubleMargin(margin: Margin): Margin {
  return typeof margin === 'number' ? 2 * margin : { relative: 2 * margin.relative };
}

/** What an answer costs, by the true class and then by the answer. */
export type Costs = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What a rule says of its metric beside the name: one class of it, what mistakes cost, or which quantile is predicted. */
export type MetricDetail = {
  readonly class?: string;
  readonly costs?: Costs;
  readonly quantile?: number;
};

type Detailed = { readonly detail?: MetricDetail };

/** The metric must reach `floor` (or stay under `ceiling`), whatever the champion does. */
export type FloorRule = Detailed & {
  readonly kind: 'floor';
  readonly metric: string;
  readonly floor?: number;
  readonly ceiling?: number;
};

/**
 * Challenger against champion on the same rows. `non-inferior`: at most `margin` worse; `superior`: better, by at least
 * `minImprovement` (in the metric's unit) when given.
 */
export type CompareRule = Detailed & {
  readonly kind: 'compare';
  readonly metric: string;
  readonly require: 'non-inferior' | 'superior';
  readonly margin: Margin;
  readonly minImprovement?: number;
  /** How much worse than the best champion of the last year still counts; twice the margin without. */
  readonly anchorMargin?: Margin;
};

/** The same on every value of a column. `guard` blocks on proof of harm beyond `margin`; `must-hold` wants each slice shown not worse. */
export type SlicesRule = Detailed & {
  readonly kind: 'slices';
  readonly metric: string;
  readonly column: string;
  readonly policy: 'guard' | 'must-hold';
  readonly margin: Margin;
};

/** No two groups of `column` may differ by more than `limit`. */
export type FairnessRule = {
  readonly kind: 'fairness';
  readonly metric: 'demographic-parity' | 'equalized-odds';
  readonly column: string;
  readonly limit: number;
};

/** A quantile of the response time: under a budget in milliseconds. */
export type LatencyRule = {
  readonly kind: 'latency';
  readonly quantile: 0.5 | 0.95 | 0.99;
  readonly atMostMs: number;
};

/** The model's size in bytes. */
export type SizeRule = { readonly kind: 'size'; readonly atMostBytes: number };

/** MLflow's `MetricThreshold`, with its point estimates and its meaning of each number. */
export type MlflowRule = {
  readonly kind: 'mlflow';
  readonly metric: string;
  readonly threshold?: number;
  readonly minAbsoluteChange?: number;
  readonly minRelativeChange?: number;
  readonly greaterIsBetter: boolean;
};

/** The challenger must take every request that the champion takes. */
type SignatureRule = { readonly kind: 'signature' };

/** Every example of a CSV must be answered as it says there. */
export type ExamplesRule = { readonly kind: 'examples'; readonly path: string };

/** One rule of the gate, as the configuration gives it. */
export type GateRule =
  | FloorRule
  | CompareRule
  | SlicesRule
  | FairnessRule
  | LatencyRule
  | SizeRule
  | MlflowRule
  | SignatureRule
  | ExamplesRule;

/** The files of examples that the rules name, each once. */
export function listExamples(rules: readonly GateRule[]): readonly string[] {
  return [...new Set(rules.flatMap((rule) => (rule.kind === 'examples' ? [rule.path] : [])))];
}

/** A rule on what the built package costs to serve; judged where it is measured, not where predictions are compared. */
export type BudgetRule = LatencyRule | SizeRule;

/** Whether `rule` needs a measurement of the built package. */
export function isBudgetRule(rule: GateRule): rule is BudgetRule {
  return rule.kind === 'latency' || rule.kind === 'size';
}
