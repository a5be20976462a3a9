import { formatCount, formatPercent } from '../report/format-number.ts';
import { wilsonInterval } from '../statistics/intervals/wilson.ts';
import type { Reason, Verdict } from '../verdict.ts';
import { describeHarm } from './describe-harm.ts';
import { carryingHarm } from './evidence/bets.ts';
import { type Evidence, sortObservations } from './evidence/evidence.ts';
import type { Observation, ShadowComparison } from './evidence/observation.ts';
import { sumStages } from './evidence/stage-totals.ts';
import { nameLimit } from './name-limit.ts';

const LEVEL = 0.95;
/** Fewer pairs than this say too little of how often the versions differ. */
const MIN_PAIRS = 100;

/** One answer of one version to one request. */
export type ShadowAnswer = { readonly id: string; readonly prediction: string | number };

/** Pairs the answers by request id; numbers within `tolerance` of each other, relative to the stable one, are alike. */
export function compareAnswers(
  stable: readonly ShadowAnswer[],
  candidate: readonly ShadowAnswer[],
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

/** Copies of requests over all hosts: those that have ended, and those that are open. */
type CopyCounts = { readonly ended: number; readonly open: number };

/** What hosts have counted so far: what is open on each is what it said last. */
export function countCopies(observations: readonly Observation[]): CopyCounts {
  const open = new Map<string, number>();
  let ended = 0;
  for (const { hostId, copies } of sortObservations(observations)) {
    ended += copies?.ended.requests ?? 0;
    open.set(hostId, copies?.open ?? 0);
  }
  return { ended, open: [...open.values()].reduce((sum, count) => sum + count, 0) };
}

/**
 * Judges a candidate that was sent copies of requests only. Proof of harm fails; without a single copy answered it is inconclusive, and so it
 * is where copies that were `awaited` have not ended. How often the versions answer differently is told and never judged: a better
 * model may well answer otherwise.
 */
export function judgeShadow(input: {
  readonly evidence: Evidence;
  readonly comparison?: ShadowComparison;
  /** Copies that were sent, ended or not, when their time was over. */
  readonly awaited: number;
}): {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly explanation: string;
} {
  const harm = judgeHarm(input.evidence, input.awaited);
  const difference = input.comparison && describeDifference(input.comparison);
  const reasons = difference === undefined ? [harm.reason] : [harm.reason, difference];
  return { verdict: harm.verdict, reasons, explanation: reasons.map(({ message }) => message).join(' ') };
}

function judgeHarm(
  evidence: Evidence,
  awaited: number,
): { readonly verdict: Verdict; readonly reason: Reason } {
  const { requests } = sumStages(evidence.stages, 'shadow');
  if (evidence.peak.total >= -Math.log(evidence.plan.alarmAlpha)) {
    const harm = carryingHarm(evidence.bets, evidence.peak);
    const seen = describeHarm(evidence, harm, 0);
    const message = `On copies of requests the candidate does harm: ${seen?.message ?? harm}.${nameLimit(evidence, harm)}`;
    return { verdict: 'fail', reason: { ...seen, code: 'shadow-harm', metric: harm, message } };
  }
  if (requests < awaited) {
    const message =
      `Of ${formatCount(awaited)} copies of requests ${formatCount(awaited - requests)} had not ended when they were waited for no longer, ` +
      'and those that had are no proof of harm.';
    return { verdict: 'inconclusive', reason: { code: 'shadow-unanswered', metric: 'requests', message } };
  }
  const message = `The candidate answered ${formatCount(requests)} copies of requests without proof of harm.`;
  const reason = { code: 'shadow-answers', metric: 'requests', message, sampleSize: requests };
  return { verdict: requests === 0 ? 'inconclusive' : 'pass', reason };
}

function describeDifference({ pairs, different, meanDifference }: ShadowComparison): Reason {
  const metric = 'prediction-difference';
  if (pairs < MIN_PAIRS) {
    const message = `Only ${formatCount(pairs)} requests were answered by both versions; ${formatCount(MIN_PAIRS)} are needed.`;
    return { code: 'too-few-pairs', metric, message, limit: MIN_PAIRS, sampleSize: pairs };
  }
  const observed = different / pairs;
  const interval = wilsonInterval(observed, pairs, LEVEL);
  const mean =
    meanDifference === undefined ? '' : `, by ${Number(meanDifference.toPrecision(3))} in the mean`;
  const message =
    `The versions answer ${formatPercent(observed)} [${formatPercent(interval.low)}, ${formatPercent(interval.high)}] ` +
    `of ${formatCount(pairs)} requests differently${mean}.`;
  return { code: 'predictions-differ', metric, message, observed, sampleSize: pairs, interval };
}
