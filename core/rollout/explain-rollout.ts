import { formatCount, formatDuration, formatEvidence, formatPercent } from '../report/format-number.ts';
import { describeHarm } from './describe-harm.ts';
import { carryingHarm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';
import { nameLimit } from './name-limit.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { requestsSeen } from './stage-requirement.ts';

/** Where in the rollout a sentence is said: the stage's percentage and how long it has run. */
export type StagePlace = { readonly percent: number; readonly stage: number; readonly stageSeconds: number };

/** "Rolled back at 10% after 2 min: errors 13/599 (2.2%) vs …": what happened, how sure, and what the promise was. */
export function explainHarm(evidence: Evidence, place: StagePlace): string {
  const { plan, peak } = evidence;
  const harm = carryingHarm(evidence.bets, evidence.peak);
  const observed = describeHarm(evidence, harm, peak.stage ?? place.stage)?.message ?? harm;
  return (
    `Rolled back at ${formatPercent(place.percent / 100)} after ${formatDuration(place.stageSeconds)}: ${observed}; ` +
    `evidence ${formatEvidence(peak.total)}, limit ${formatEvidence(-Math.log(plan.alarmAlpha))}. ${explainPromise(plan)}${nameLimit(evidence, harm)}`
  );
}

/** "Stage 10% passed after 17 min: …; evidence of harm 0.4:1 of 100:1." */
export function explainPassed(evidence: Evidence, place: StagePlace, needed: number): string {
  const seen = requestsSeen(evidence, place.stage);
  return (
    `${formatPercent(place.percent / 100)} passed after ${formatDuration(place.stageSeconds)}: ` +
    `${formatCount(seen)} candidate requests (${formatCount(needed)} needed), ${explainLevel(evidence)}.`
  );
}

/** "At 10% for 2 min: 599 of 1,600 candidate requests, …; keep watching." */
export function explainContinue(
  evidence: Evidence,
  place: StagePlace,
  missing: { readonly requests: number; readonly seconds: number },
): string {
  const seen = requestsSeen(evidence, place.stage);
  const needs = [
    missing.requests > 0 ? `${formatCount(missing.requests)} more candidate requests` : '',
    missing.seconds > 0 ? `${formatDuration(missing.seconds)} more time` : '',
  ].filter((need) => need !== '');
  return (
    `At ${formatPercent(place.percent / 100)} for ${formatDuration(place.stageSeconds)}: ${formatCount(seen)} candidate requests, ` +
    `${explainLevel(evidence)}. The stage needs ${needs.join(' and ')}.`
  );
}

function explainLevel({ peak, plan }: Evidence): string {
  return `evidence of harm at most ${formatEvidence(peak.total)} of ${formatEvidence(-Math.log(plan.alarmAlpha))}`;
}

function explainPromise({ alpha }: RolloutPlan): string {
  return `If nothing were wrong this would happen in at most 1 rollout in ${formatCount(1 / alpha)}.`;
}
