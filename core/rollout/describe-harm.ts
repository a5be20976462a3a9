import { formatCount, formatDecimal, formatPercent, formatRatio } from '../report/format-number.ts';
import { estimateOddsRatio, logEvidence, weighLikelihoods } from '../statistics/sequential/e-process.ts';
import type { Reason } from '../verdict.ts';
import type { Harm } from './evidence/bets.ts';
import { type Evidence, likelihoodsOf } from './evidence/evidence.ts';
import type { ArmTotals, BadCount } from './evidence/observation.ts';
import type { SlowEvidence } from './evidence/slow-evidence.ts';
import { EMPTY_STAGE, type StageTotals } from './evidence/stage-totals.ts';

/** What has been observed of one harm at a stage, as one phrase and as numbers. `undefined` while there is nothing to say. */
export function describeHarm(evidence: Evidence, harm: Harm, stage: number): Reason | undefined {
  if (harm === 'objective') return describeObjective(evidence);
  if (harm === 'refusedAlone') return describeRefusedAlone(evidence);
  if (harm === 'slow') return describeSlow(evidence);
  return describeBad(evidence, harm, stage);
}

const BAD_NAMES: Readonly<Record<BadCount, string>> = {
  errors: 'errors',
  refused: 'requests refused (4xx)',
  invalid: 'invalid answers',
};

function describeBad(evidence: Evidence, harm: BadCount, stage: number): Reason | undefined {
  const totals = showableStage(evidence, harm, stage);
  const { stable } = totals;
  const candidate = totals.candidate.requests === 0 ? totals.shadow : totals.candidate;
  if (candidate.requests === 0) return undefined;
  const interval = estimateOddsRatio(likelihoodsOf(evidence, harm), evidence.plan.alpha);
  const versus =
    stable.requests === 0
      ? 'with no stable traffic beside it'
      : `vs ${countOf(stable, harm)} in the same minutes: ${describeRatio(evidence, interval)}`;
  return {
    code: `${harm}-compared`,
    metric: harm,
    message: `${BAD_NAMES[harm]} ${countOf(candidate, harm)} ${versus}`,
    observed: interval.estimate,
    limit: evidence.plan.tolerance,
    sampleSize: candidate.requests,
    interval: { low: interval.low, high: interval.high, level: 1 - evidence.plan.alpha },
  };
}

function describeSlow(evidence: Evidence): Reason | undefined {
  const worst = evidence.slow.reduce((best, slow) =>
    logEvidence(slow.likelihoods) > logEvidence(best.likelihoods) ? slow : best,
  );
  if (worst.threshold === undefined) return undefined;
  const interval = estimateOddsRatio(
    weighLikelihoods(worst.likelihoods, evidence.users.slow),
    evidence.plan.alpha,
  );
  return {
    code: 'slow-compared',
    metric: 'slow',
    message: `${describeSlowCounts(worst, worst.threshold)}: ${describeRatio(evidence, interval)}`,
    observed: interval.estimate,
    limit: 1,
    sampleSize: worst.counts.candidateTotal,
    interval: { low: interval.low, high: interval.high, level: 1 - evidence.plan.alpha },
  };
}

function describeSlowCounts(
  { counts, quantile }: SlowEvidence,
  { candidateMs, stableMs }: NonNullable<SlowEvidence['threshold']>,
): string {
  const candidate = formatShare(counts.candidateBad, counts.candidateTotal);
  const stable = formatShare(counts.stableBad, counts.stableTotal);
  return (
    `${candidate} over ${formatMilliseconds(candidateMs)} ms vs ${stable} over ${formatMilliseconds(stableMs)} ms ` +
    `(the stable version's p${Math.round(100 * quantile)}) in the same minutes`
  );
}

function describeObjective(evidence: Evidence): Reason | undefined {
  const { limit, isConfigured, lately, ...all } = evidence.objective;
  if (limit === undefined || all.requests === 0) return undefined;
  // What rose late is lost in all that was asked before.
  const isLate = all.bad <= limit * all.requests && lately.requests > 0;
  const { requests, bad } = isLate ? lately : all;
  const origin = isConfigured ? 'the configured limit' : "the limit taken from the stable version's past";
  return {
    code: 'objective-compared',
    metric: 'objective',
    message: `errors and invalid answers ${formatShare(bad, requests)}${isLate ? ' of late' : ''} where ${origin} is ${formatPercent(limit)}`,
    observed: bad / requests,
    limit,
    sampleSize: requests,
  };
}

function describeRefusedAlone({ refusedAlone }: Evidence): Reason | undefined {
  const { limit, requests, refused } = refusedAlone;
  if (limit === undefined || requests === 0) return undefined;
  return {
    code: 'refused-alone',
    metric: 'refused',
    message:
      `requests refused (4xx) ${formatShare(refused, requests)} with no stable traffic beside it, ` +
      `where the limit taken from the stable version is ${formatPercent(limit)}`,
    observed: refused / requests,
    limit,
    sampleSize: requests,
  };
}

/** The stage asked for, or the last one before it that has seen anything bad, so that the numbers speak. */
function showableStage(evidence: Evidence, harm: BadCount, stage: number): StageTotals {
  const hasBad = ({ candidate, shadow, stable }: StageTotals) =>
    candidate[harm] + shadow[harm] + stable[harm] > 0;
  const upToHere = evidence.stages.slice(0, stage + 1);
  return upToHere.findLast(hasBad) ?? upToHere.at(-1) ?? EMPTY_STAGE;
}

function describeRatio(
  evidence: Evidence,
  { estimate, low, high }: { readonly estimate: number; readonly low: number; readonly high: number },
): string {
  if (low === 0 && high === Number.POSITIVE_INFINITY) return 'nothing to tell apart yet';
  const level = formatPercent(1 - evidence.plan.alpha);
  return `${formatRatio(estimate)} [${formatDecimal(low)}, ${formatDecimal(high)}] (${level}, valid whenever you look)`;
}

function formatMilliseconds(edge: number): string {
  return String(Number(edge.toPrecision(3)));
}

/** "13/599 (2.2%, 4 of them never answered)". */
function countOf(arm: ArmTotals, harm: BadCount): string {
  const never = `, ${formatCount(arm.unanswered)} of them never answered`;
  return formatShare(arm[harm], arm.requests, harm === 'errors' && arm.unanswered > 0 ? never : '');
}

function formatShare(part: number, whole: number, more = ''): string {
  const share = whole === 0 ? '' : ` (${formatPercent(part / whole)}${more})`;
  return `${formatCount(part)}/${formatCount(whole)}${share}`;
}
