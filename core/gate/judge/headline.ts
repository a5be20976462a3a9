import type { Problem } from '../../errors.ts';
import type { Verdict } from '../../verdict.ts';
import type { Check } from '../check.ts';

/** The whole verdict in one plain sentence: a word for it, then the reason that carries it. */
export function headlineOf(verdict: Verdict, checks: readonly Check[], problems: readonly Problem[]): string {
  if (problems[0] !== undefined && verdict !== 'fail') return `Not judged: ${problems[0].message}`;
  const leading = leadingCheck(verdict, checks);
  if (leading === undefined) return 'Not judged: no rule gave a verdict.';
  const others = checks.filter((check) => check !== leading && check.verdict === verdict).length;
  return `${wordOf(leading)}: ${leading.reasons[0]?.message ?? leading.metric}${remark(verdict, others)}`;
}

function leadingCheck(verdict: Verdict, checks: readonly Check[]): Check | undefined {
  const deciding = checks.filter((check) => check.verdict === verdict);
  return deciding.find((check) => check.change !== undefined) ?? deciding[0];
}

function wordOf(check: Check): string {
  const code = check.reasons[0]?.code;
  if (check.verdict === 'inconclusive') return 'Not settled';
  if (check.verdict === 'fail') return code === 'worse' || code === 'slice-worse' ? 'Worse' : 'Blocked';
  if (check.change === undefined) return 'Passed';
  return check.change.interval.low > 0 ? 'Better' : 'Not worse';
}

function remark(verdict: Verdict, others: number): string {
  if (verdict === 'pass' || others === 0) return '';
  const counted = others === 1 ? '1 more check' : `${others} more checks`;
  return verdict === 'fail' ? ` ${counted} failed.` : ` ${counted} not settled.`;
}
