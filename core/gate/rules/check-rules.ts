import type { Problem } from '../../errors.ts';
import type { GateRule, Margin } from './rule.ts';

/** Everything that makes the rules themselves unfit to judge by: none at all, or a number that is none. */
export function checkRules(rules: readonly GateRule[]): Problem[] {
  if (rules.length === 0) {
    return [
      {
        code: 'no-rules',
        message: 'The gate has no rules, so nothing can pass it.',
        remedy:
          'Add at least one rule under gate, such as { metric: accuracy, floor: 0.90, require: non-inferior }.',
      },
    ];
  }
  return rules.flatMap((rule) =>
    numbersOf(rule)
      .filter(isUnfit)
      .map((number) => problemOf(rule, number)),
  );
}

type RuleNumber = { readonly name: string; readonly value: number | undefined; readonly negative: boolean };

function numbersOf(rule: GateRule): RuleNumber[] {
  const any = (name: string, value: number | undefined): RuleNumber => ({ name, value, negative: true });
  const size = (name: string, value: number | undefined): RuleNumber => ({ name, value, negative: false });
  switch (rule.kind) {
    case 'floor':
      return [any('floor', rule.floor), any('ceiling', rule.ceiling)];
    case 'compare':
      return [
        size('margin', marginNumber(rule.margin)),
        size('min-improvement', rule.minImprovement),
        size('anchor-margin', rule.anchorMargin && marginNumber(rule.anchorMargin)),
      ];
    case 'slices':
      return [size('margin', marginNumber(rule.margin))];
    case 'fairness':
      return [size('limit', rule.limit)];
    case 'latency':
      return [size('at-most', rule.atMostMs)];
    case 'size':
      return [size('at-most', rule.atMostBytes)];
    case 'mlflow':
      return [
        any('threshold', rule.threshold),
        any('min-absolute-change', rule.minAbsoluteChange),
        any('min-relative-change', rule.minRelativeChange),
      ];
    case 'signature':
    case 'examples':
      return [];
  }
}

function marginNumber(margin: Margin): number {
  return typeof margin === 'number' ? margin : margin.relative;
}

function isUnfit({ value, negative }: RuleNumber): boolean {
  return value !== undefined && (!Number.isFinite(value) || (!negative && value < 0));
}

function problemOf(rule: GateRule, number: RuleNumber): Problem {
  const metric = 'metric' in rule ? ` for ${rule.metric}` : '';
  return {
    code: 'bad-rule',
    message: `${number.name} of the ${rule.kind} rule${metric} is ${String(number.value)}.`,
    remedy: `Set ${number.name} to a finite number${number.negative ? '' : ' of 0 or more'}.`,
  };
}
