import { isInstant, secondsBetween } from '../instant.ts';
import { formatCount, formatDecimal, formatDuration, formatPercent } from '../report/format-number.ts';
import type { Reason } from '../verdict.ts';
import { describeHarm } from './describe-harm.ts';
import { carryingHarm, HARMS, type Harm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';
import { OBSERVATION_PROBLEM_CODES, OBSERVATION_PROBLEMS } from './evidence/observation-problem.ts';
import { checkRouting } from './evidence/routing-check.ts';
import { EMPTY_STAGE } from './evidence/stage-totals.ts';
import { explainContinue, explainHarm, explainPassed, type StagePlace } from './explain-rollout.ts';
import { longestSeconds } from './find-overdue.ts';
import { type HostsFound, judgeQuorum, type Quorum } from './quorum.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { baseRateOf, requestsSeen, requiredRequests } from './stage-requirement.ts';

export const ROLLBACK_CODES = [
  'errors-worse',
  'slower',
  'refused-worse',
  'invalid-worse',
  'objective-broken',
  'deadline-passed',
] as const;
type RollbackCode = (typeof ROLLBACK_CODES)[number];

type HoldCode = 'held' | 'routing-off' | 'hosts-away' | 'deadline-passed' | 'unusable-input';

type Explained = { readonly reasons: readonly Reason[]; readonly explanation: string };

/** What to do with a rollout now. `advance.to` is the index of the next stage; `continue` says what is still missing. */
export type RolloutDecision = Explained &
  (
    | { readonly kind: 'continue'; readonly missing: { readonly requests: number; readonly seconds: number } }
    | { readonly kind: 'advance'; readonly to: number }
    | { readonly kind: 'promote' }
    | { readonly kind: 'rollback'; readonly code: RollbackCode }
    | { readonly kind: 'hold'; readonly code: HoldCode }
  );

/** Everything a rollout decision depends on. Instants are ISO 8601; `stage` is an index into the plan's stages. */
export type RolloutSituation = {
  readonly plan: RolloutPlan;
  readonly evidence: Evidence;
  readonly stage: number;
  readonly stageStartedAt: string;
  readonly rolloutStartedAt: string;
  readonly now: string;
  readonly control: 'running' | 'held';
  /** Time spent on hold so far, which the deadline does not count. */
  readonly heldSeconds?: number;
  /** Which hosts take part. A host decides for itself alone, and leaves it out. */
  readonly hosts?: HostsFound;
};

const HARM_CODES: Readonly<Record<Harm, RollbackCode>> = {
  errors: 'errors-worse',
  slow: 'slower',
  refused: 'refused-worse',
  invalid: 'invalid-worse',
  objective: 'objective-broken',
  refusedAlone: 'refused-worse',
};

/**
 * Decides a rollout from its evidence and the time alone; the same function runs in `deploy`, in the agent (which acts on
 * `rollback` only) and in a replay. Proof of harm comes before everything, also while held; too little data never passes, nor do
 * too few hosts.
 */
export function decideRollout(situation: RolloutSituation): RolloutDecision {
  const { plan, evidence, stage } = situation;
  const percent = plan.stages[stage];
  const times = readTimes(situation);
  if (percent === undefined || times === undefined) return holdUnusable(situation);
  const place = { percent, stage, ...times };
  const quorum: Quorum = situation.hosts === undefined ? { kind: 'all' } : judgeQuorum(situation.hosts);
  const reasons = gatherReasons(situation, quorum);
  if (evidence.peak.total >= -Math.log(plan.alarmAlpha)) {
    const code = HARM_CODES[carryingHarm(evidence.bets, evidence.peak)];
    return { kind: 'rollback', code, reasons, explanation: explainHarm(evidence, place) };
  }
  if (situation.control === 'held') {
    const explanation = `Held at ${formatPercent(percent / 100)} by request; harm would still roll it back.`;
    return { kind: 'hold', code: 'held', reasons, explanation };
  }
  const routing = reasons.find(({ code }) => code === 'routing-off');
  if (routing !== undefined)
    return decideHeld(plan, place, { code: 'routing-off', reasons, lack: routing.message });
  if (quorum.kind === 'too-few') {
    return decideHeld(plan, place, { code: 'hosts-away', reasons, lack: quorum.reason.message });
  }
  return decideProgress(situation, place, reasons);
}

/** Where in the rollout and how long it has run, less the time on hold. */
type TimedPlace = StagePlace & { readonly rolloutSeconds: number };

/** Why nothing can be decided yet: all reasons, and the one sentence on what is lacking. */
type Lack = { readonly reasons: readonly Reason[]; readonly lack: string };

/** Traffic stays where it is until what is wrong is put right, and no longer than a rollout may wait for its data. */
function decideHeld(
  plan: RolloutPlan,
  place: TimedPlace,
  { code, reasons, lack }: Lack & { readonly code: HoldCode },
): RolloutDecision {
  if (place.rolloutSeconds > plan.deadlineSeconds) return decideLate(plan, place, { reasons, lack });
  return { kind: 'hold', code, reasons, explanation: `Held: ${lack}` };
}

function decideProgress(
  { plan, evidence, stage }: RolloutSituation,
  place: TimedPlace,
  reasons: readonly Reason[],
): RolloutDecision {
  const needed = requiredRequests(plan, place.percent, baseRateOf(evidence));
  const seen = requestsSeen(evidence, stage);
  const missing = {
    requests: Math.max(0, needed - seen),
    seconds: Math.max(0, plan.stageMinSeconds - place.stageSeconds),
  };
  if (missing.requests === 0 && missing.seconds === 0) {
    const explanation = explainPassed(evidence, place, needed);
    if (stage === plan.stages.length - 1) return { kind: 'promote', reasons, explanation };
    return { kind: 'advance', to: stage + 1, reasons, explanation };
  }
  const lack = lackOf(missing, seen, needed);
  const lacking = [...reasons, lack];
  if (place.rolloutSeconds > plan.deadlineSeconds) {
    return decideLate(plan, place, { reasons: lacking, lack: lack.message });
  }
  const explanation = explainContinue(evidence, place, missing);
  return { kind: 'continue', missing, reasons: lacking, explanation };
}

function decideLate(plan: RolloutPlan, place: TimedPlace, { reasons, lack }: Lack): RolloutDecision {
  const code = 'deadline-passed';
  const late = `the deadline of ${formatDuration(plan.deadlineSeconds)} has passed at ${formatPercent(place.percent / 100)}. ${lack}`;
  const holdUntil = longestSeconds(plan);
  if (plan.onNoData === 'rollback' && place.rolloutSeconds > holdUntil) {
    return { kind: 'rollback', code, reasons, explanation: `Rolled back without proof of harm: ${late}` };
  }
  const next =
    plan.onNoData === 'rollback' ? ` Rolls back in ${formatDuration(holdUntil - place.rolloutSeconds)}.` : '';
  return { kind: 'hold', code, reasons, explanation: `Held: ${late}${next}` };
}

/** Seconds in the stage and, less the time on hold, in the rollout; `undefined` when an instant can't be read. */
function readTimes(
  situation: RolloutSituation,
): Pick<TimedPlace, 'stageSeconds' | 'rolloutSeconds'> | undefined {
  const { now, stageStartedAt, rolloutStartedAt, heldSeconds = 0 } = situation;
  if (![now, stageStartedAt, rolloutStartedAt].every(isInstant)) return undefined;
  const stage = secondsBetween(stageStartedAt, now);
  const rollout = secondsBetween(rolloutStartedAt, now) - heldSeconds;
  return { stageSeconds: Math.max(0, stage), rolloutSeconds: Math.max(0, rollout) };
}

function holdUnusable({
  plan,
  stage,
  now,
  stageStartedAt,
  rolloutStartedAt,
}: RolloutSituation): RolloutDecision {
  const message =
    plan.stages[stage] === undefined
      ? `The plan has ${plan.stages.length} stages and none with index ${stage}.`
      : `An instant can't be read: now ${now}, stage ${stageStartedAt}, rollout ${rolloutStartedAt}.`;
  const reasons = [{ code: 'unusable-input', metric: 'rollout', message }];
  return { kind: 'hold', code: 'unusable-input', reasons, explanation: `Held: ${message}` };
}

function gatherReasons({ plan, evidence, stage }: RolloutSituation, quorum: Quorum): readonly Reason[] {
  const routing = checkRouting(
    evidence.stages[stage] ?? EMPTY_STAGE,
    plan.stages.length,
    evidence.users.heaviest,
  );
  const harms = HARMS.map((harm) => describeHarm(evidence, harm, stage));
  const away = quorum.kind === 'all' ? undefined : quorum.reason;
  return [...harms, routing, away, describeUsers(evidence), ...describeIgnored(evidence)].filter(
    (reason) => reason !== undefined,
  );
}

function describeUsers({ users: { heaviest, errors } }: Evidence): Reason | undefined {
  if (heaviest <= 1) return undefined;
  const message =
    `Users are dealt to the versions, not requests: one has sent up to ${formatCount(heaviest)} of them, ` +
    `and ${formatDecimal(errors)} errors count as one.`;
  return { code: 'users-dealt', metric: 'users', message, observed: errors, sampleSize: heaviest };
}

function describeIgnored(evidence: Evidence): readonly Reason[] {
  return OBSERVATION_PROBLEM_CODES.flatMap((code) => {
    const count = evidence.ignored[code] ?? 0;
    if (count === 0) return [];
    const message = `${formatCount(count)} polls were left out: ${OBSERVATION_PROBLEMS[code]}.`;
    return [{ code, metric: 'polls', message, observed: count, sampleSize: count }];
  });
}

function lackOf(
  missing: { readonly requests: number; readonly seconds: number },
  seen: number,
  needed: number,
): Reason {
  if (missing.requests === 0) {
    const message = `The stage still needs ${formatDuration(missing.seconds)}.`;
    return { code: 'time-missing', metric: 'seconds', message, observed: missing.seconds };
  }
  const message = `The candidate has answered ${formatCount(seen)} of the ${formatCount(needed)} requests this stage needs.`;
  return {
    code: 'requests-missing',
    metric: 'requests',
    message,
    observed: seen,
    limit: needed,
    sampleSize: seen,
  };
}
