import { type Verdict, worstVerdict } from '../../verdict.ts';
import type { Check } from '../check.ts';
import { formatBytes } from '../format-value.ts';
import { type BudgetRule, type GateRule, isBudgetRule, type SizeRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { judgeLatency } from './latency.ts';
import { undecided } from './undecided.ts';

/** What was measured on the built package; what was not is absent, and leaves its rules open. */
type PackageMeasurements = {
  /** Response times of single requests. */
  readonly latencyMs?: readonly number[];
  readonly sizeBytes?: number;
};

/** The budget rules among `rules`, judged; other rules are left alone. `pass` when there is no budget rule. */
export function judgeBudgets(
  rules: readonly GateRule[],
  measured: PackageMeasurements,
): { readonly verdict: Verdict; readonly checks: readonly Check[] } {
  const checks = rules.filter(isBudgetRule).map((rule) => judgeBudget(rule, measured));
  return {
    verdict: checks.length === 0 ? 'pass' : worstVerdict(checks.map(({ verdict }) => verdict)),
    checks,
  };
}

/** One budget rule, judged on what was measured. */
export function judgeBudget(rule: BudgetRule, { sizeBytes, latencyMs }: PackageMeasurements): Check {
  return rule.kind === 'size' ? judgeSize(rule, sizeBytes) : judgeLatency(rule, latencyMs);
}

function judgeSize(rule: SizeRule, sizeBytes: number | undefined): Check {
  const { atMostBytes } = rule;
  const { need } = sayRule(rule);
  if (sizeBytes === undefined) {
    const why = { code: 'not-measured', message: 'the package has not been measured.' };
    return undecided({ rule: 'size', metric: 'size', need, why });
  }
  if (!Number.isFinite(sizeBytes) || sizeBytes < 0) {
    const why = { code: 'not-a-size', message: `${String(sizeBytes)} is no size.` };
    return undecided({ rule: 'size', metric: 'size', need, why });
  }
  const over = sizeBytes > atMostBytes;
  return {
    rule: 'size',
    metric: 'size',
    unit: 'number',
    challenger: sizeBytes,
    need,
    verdict: over ? 'fail' : 'pass',
    reasons: [
      {
        code: over ? 'over-budget' : 'within-budget',
        metric: 'size',
        message: `The package has ${formatBytes(sizeBytes)} of ${formatBytes(atMostBytes)}.`,
        observed: sizeBytes,
        limit: atMostBytes,
      },
    ],
  };
}
