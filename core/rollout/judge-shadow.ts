import { formatCount, formatPercent } from '../report/format-number.ts';
import { normalQuantile } from '../statistics/distributions/normal.ts';
import { type Interval, type Reason, type Verdict, worstVerdict } from '../verdict.ts';
import { describeHarm } from './describe-harm.ts';
import { carryingHarm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { Observation, ShadowComparison } from './evidence/observation.ts';
import { sumStages } from './evidence/stage-totals.ts';

const LEVEL = 0.95;
const DEFAULT_MIN_PAIRS = 100;

/** One answer of one version to one request. */
export type Answer = { readonly id: string; readonly prediction: string | number };

/** Pairs the answers by request id; numbers within `tolerance` of each other, relative to the stable one, are alike. */
export function compareAnswers(
  stable: readonly Answer[],
  candidate: readonly Answer[],
  tolerance = 1e-6,
): ShadowComparison {
  const candidateById = new Map(candidate.map(({ id, prediction }) => [id, prediction]));
  const stableById = new Map(stable.map(({ id, prediction }) => [id, prediction]));
  let different = 0;
  let pairs = 0;
  const differences: number[] = [];
  for (const [id, left] of stableById) {
    const right = candidateById.get(id);
    if (right === undefined) continue;
    pairs += 1;
    if (typeof left === 'number' && typeof right === 'number') {
      if (Number.isFinite(left - right)) differences.push(Math.abs(left - right));
      if (!(Math.abs(left - right) <= tolerance * Math.max(1, Math.abs(left)))) different += 1;
    } else if (String(left) !== String(right)) different += 1;
  }
  const sum = differences.reduce((total, difference) => total + difference, 0);
  return {
    pairs,
    different,
    unmatched: stableById.size + candidateById.size - 2 * pairs,
    ...(differences.length > 0 && { meanDifference: sum / differences.length }),
  };
}

/** All that hosts have compared while requests were copied; `undefined` when no host compared any. */
export function sumComparisons(observations: readonly Observation[]): ShadowComparison | undefined {
  const seen = observations.flatMap(({ shadow }) => (shadow === undefined ? [] : [shadow]));
  const total = (pick: (one: ShadowComparison) => number) => seen.reduce((sum, one) => sum + pick(one), 0);
  const pairs = total((one) => one.pairs);
  if (seen.length === 0) return undefined;
  const measured = seen.filter(({ meanDifference }) => meanDifference !== undefined);
  const weight = measured.reduce((sum, one) => sum + one.pairs, 0);
  const distance = total((one) => (one.meanDifference ?? 0) * one.pairs);
  return {
    pairs,
    different: total((one) => one.different),
    unmatched: total((one) => one.unmatched),
    ...(weight > 0 && { meanDifference: distance / weight }),
  };
}

/**
 * Judges a candidate that has answered copies of requests only. Proof of harm fails; so does a share of different answers
 * surely above `maxDifferent`, when one is set (a better model may well answer differently). Too few pairs are inconclusive.
 */
export function judgeShadow(input: {
  readonly evidence: Evidence;
  readonly comparison?: ShadowComparison;
  readonly maxDifferent?: number;
  readonly minPairs?: number;
}): { readonly verdict: Verdict; readonly reasons: readonly Reason[]; readonly explanation: string } {
  const harm = judgeHarm(input.evidence);
  const difference = judgeDifference(input);
  const reasons = [harm.reason, difference?.reason].filter((reason) => reason !== undefined);
  return {
    verdict: worstVerdict([harm.verdict, difference?.verdict].filter((verdict) => verdict !== undefined)),
    reasons,
    explanation: reasons.map(({ message }) => message).join(' '),
  };
}

type Judged = { readonly verdict: Verdict; readonly reason: Reason };

function judgeHarm(evidence: Evidence): Judged {
  const { requests } = sumStages(evidence.stages, 'shadow');
  if (evidence.peak.total >= -Math.log(evidence.plan.alpha)) {
    const harm = carryingHarm(evidence.bets, evidence.peak);
    const seen = describeHarm(evidence, harm, 0);
    const message = `On copies of requests the candidate does harm: ${seen?.message ?? harm}.`;
    return { verdict: 'fail', reason: { ...seen, code: 'shadow-harm', metric: harm, message } };
  }
  const message = `The candidate answered ${formatCount(requests)} copies of requests without proof of harm.`;
  const reason = { code: 'shadow-answers', metric: 'requests', message, sampleSize: requests };
  return { verdict: requests === 0 ? 'inconclusive' : 'pass', reason };
}

function judgeDifference(input: {
  readonly comparison?: ShadowComparison;
  readonly maxDifferent?: number;
  readonly minPairs?: number;
}): Judged | undefined {
  const { comparison, maxDifferent, minPairs = DEFAULT_MIN_PAIRS } = input;
  if (comparison === undefined) return undefined;
  const { pairs, different, meanDifference } = comparison;
  const metric = 'prediction-difference';
  if (pairs < minPairs) {
    const message = `Only ${formatCount(pairs)} requests were answered by both versions; ${formatCount(minPairs)} are needed.`;
    const reason = { code: 'too-few-pairs', metric, message, limit: minPairs, sampleSize: pairs };
    return { verdict: maxDifferent === undefined ? 'pass' : 'inconclusive', reason };
  }
  const interval = wilsonInterval(different, pairs);
  const mean =
    meanDifference === undefined ? '' : `, by ${Number(meanDifference.toPrecision(3))} in the mean`;
  const limit = maxDifferent === undefined ? '' : ` (limit ${formatPercent(maxDifferent)})`;
  const message =
    `The versions answer ${formatPercent(different / pairs)} [${formatPercent(interval.low)}, ${formatPercent(interval.high)}] ` +
    `of ${formatCount(pairs)} requests differently${mean}${limit}.`;
  const reason = {
    code: 'predictions-differ',
    metric,
    message,
    observed: different / pairs,
    sampleSize: pairs,
    interval,
    ...(maxDifferent !== undefined && { limit: maxDifferent }),
  };
  if (maxDifferent === undefined || interval.high <= maxDifferent) return { verdict: 'pass', reason };
  return { verdict: interval.low > maxDifferent ? 'fail' : 'inconclusive', reason };
}

/** Wilson's score interval of a share. */
function wilsonInterval(part: number, whole: number): Interval {
  const z = normalQuantile((1 + LEVEL) / 2);
  const share = part / whole;
  const centre = (share + (z * z) / (2 * whole)) / (1 + (z * z) / whole);
  const halfWidth =
    (z / (1 + (z * z) / whole)) * Math.sqrt((share * (1 - share)) / whole + (z * z) / (4 * whole * whole));
  return { low: Math.max(0, centre - halfWidth), high: Math.min(1, centre + halfWidth), level: LEVEL };
}
