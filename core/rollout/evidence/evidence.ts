import { compareInstants } from '../../instant.ts';
import { SCHEMAS } from '../../names.ts';
import type { TwoByTwo } from '../../statistics/distributions/fisher-noncentral-hypergeometric.ts';
import {
  addTable,
  type LogLikelihoods,
  logEvidence,
  startLogLikelihoods,
  weighLikelihoods,
} from '../../statistics/sequential/e-process.ts';
import type { RolloutPlan } from '../rollout-plan.ts';
import { type Baseline, NO_BASELINE } from './baseline.ts';
import {
  type Bets,
  HARMS,
  type Harm,
  type HarmEvidence,
  logCapital,
  NO_EVIDENCE,
  shareOutAnew,
  startBets,
} from './bets.ts';
import { type ComparedInterval, type HostEvidence, type HostStep, stepHost } from './host-evidence.ts';
import { addToObjective, measureObjective, type Objective, startObjective } from './objective.ts';
import type { BadCount, Observation } from './observation.ts';
import { findObservationProblem, type ObservationProblem } from './observation-problem.ts';
import {
  addRefusedAlone,
  measureRefusedAlone,
  type RefusedAlone,
  startRefusedAlone,
} from './refused-alone.ts';
import { addSlow, measureSlow, type SlowEvidence, startSlow } from './slow-evidence.ts';
import { addToStage, type StageTotals } from './stage-totals.ts';
import { addUserWeights, NO_USERS, type UserWeights } from './user-weights.ts';

/** Log of the evidence for each harm, and of all together: `total` decides. */
export type EvidenceLevels = HarmEvidence & { readonly total: number };

/**
 * Everything a rollout has learnt, as JSON: log-likelihoods per metric over the grid of odds ratios, counters per stage and
 * host. Any job can go on from it, and folding the same observations gives the same evidence.
 */
export type Evidence = {
  readonly schema: typeof SCHEMAS.evidence;
  readonly plan: RolloutPlan;
  readonly baseline: Baseline;
  readonly errors: LogLikelihoods;
  readonly refused: LogLikelihoods;
  readonly invalid: LogLikelihoods;
  readonly slow: readonly SlowEvidence[];
  readonly objective: Objective;
  readonly refusedAlone: RefusedAlone;
  readonly bets: Bets;
  readonly levels: EvidenceLevels;
  /** The largest total so far: what an alarm is decided on, since the promise holds for the largest. */
  readonly peak: EvidenceLevels & { readonly at?: string; readonly stage?: number };
  readonly stages: readonly StageTotals[];
  /** By the id of each host: names are chosen by people, and two may be the same. */
  readonly hosts: Readonly<Record<string, HostEvidence>>;
  /** How many requests count as one, over all hosts. */
  readonly users: UserWeights;
  readonly ignored: Readonly<Partial<Record<ObservationProblem, number>>>;
};

const NO_LEVELS: EvidenceLevels = { ...NO_EVIDENCE, total: 0 };

/** Errors so many times as likely are found sooner by a bet on them alone. */
const GROSS_ODDS_RATIO = 3;

/** Evidence before the first poll. */
export function startEvidence(plan: RolloutPlan, baseline: Baseline = NO_BASELINE): Evidence {
  return {
    schema: SCHEMAS.evidence,
    plan,
    baseline,
    errors: startLogLikelihoods(),
    refused: startLogLikelihoods(),
    invalid: startLogLikelihoods(),
    slow: startSlow(),
    objective: startObjective(plan.slo?.maxErrorRate),
    refusedAlone: startRefusedAlone(),
    bets: startBets(new Set(['errors'])),
    levels: NO_LEVELS,
    peak: NO_LEVELS,
    stages: [],
    hosts: {},
    users: NO_USERS,
    ignored: {},
  };
}

/**
 * Multiplies one poll of one host in. Each poll is its own 2×2 table: nothing is pooled over hosts or time, so a moving
 * base rate cancels. A poll seen before, or one that can't be counted, only raises its counter in `ignored`.
 */
export function addObservation(evidence: Evidence, observation: Observation): Evidence {
  const { plan, baseline } = evidence;
  const before = evidence.hosts[observation.hostId];
  const problem =
    findObservationProblem(observation, plan.stages.length) ??
    (before !== undefined && observation.seq <= before.lastSeq ? 'seen-before' : undefined);
  if (problem !== undefined) {
    return { ...evidence, ignored: { ...evidence.ignored, [problem]: (evidence.ignored[problem] ?? 0) + 1 } };
  }
  const step = stepHost(before, observation, {
    margin: plan.latencyMargin,
    pastLatency: baseline.latency[observation.hostId],
  });
  const stages = addToStage(evidence.stages, observation);
  const known = Math.max(1, Object.keys(evidence.hosts).length);
  const objective = addToObjective(evidence.objective, observation, { stages, baseline, hosts: known });
  const refusedAlone = addRefusedAlone(evidence.refusedAlone, observation, {
    ...{ stages, hosts: known },
    eta: baseline.eta.refused,
  });
  const compared = step.interval === undefined ? {} : compareInterval(evidence, step, step.interval);
  const hosts = { ...evidence.hosts, [observation.hostId]: step.host };
  const users = addUserWeights(Object.values(hosts).map((host) => host.users ?? NO_USERS));
  const grown = { ...evidence, ...compared, objective, refusedAlone, stages, hosts, users };
  const bets = wakeHarms(evidence, grown);
  const next = { ...grown, bets };
  const levels = measureLevels(next, evidence);
  const peak =
    levels.total > evidence.peak.total
      ? { ...levels, at: observation.at, stage: observation.stage }
      : evidence.peak;
  return { ...next, levels, peak };
}

/** The evidence of a rollout's observations, in the order of their time, whatever order they came in. */
export function gatherEvidence(
  plan: RolloutPlan,
  observations: readonly Observation[],
  baseline: Baseline = NO_BASELINE,
): Evidence {
  return sortObservations(observations).reduce(addObservation, startEvidence(plan, baseline));
}

/** By time, then host, then poll: the one order in which observations are counted. */
export function sortObservations(observations: readonly Observation[]): readonly Observation[] {
  return observations.toSorted(
    (left, right) =>
      compareInstants(left.at, right.at) || compareText(left.hostId, right.hostId) || left.seq - right.seq,
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function compareInterval(
  evidence: Evidence,
  step: HostStep,
  interval: ComparedInterval,
): Pick<Evidence, BadCount | 'slow'> {
  const { eta } = evidence.baseline;
  return {
    errors: addTable(evidence.errors, countBad(interval, 'errors'), eta.errors),
    refused: addTable(evidence.refused, countBad(interval, 'refused'), eta.refused),
    invalid: addTable(evidence.invalid, countBad(interval, 'invalid'), eta.invalid),
    slow: evidence.slow.map((slow, index) => {
      const threshold = step.thresholds?.[index];
      return threshold === undefined ? slow : addSlow(slow, interval, { threshold, eta: eta.slow });
    }),
  };
}

function countBad({ candidate, stable }: ComparedInterval, metric: BadCount): TwoByTwo {
  return {
    candidateTotal: candidate.requests,
    candidateBad: candidate[metric],
    stableTotal: stable.requests,
    stableBad: stable[metric],
  };
}

/** The bets for this poll: shared out anew when a harm has its first say in it. */
function wakeHarms(before: Evidence, after: Omit<Evidence, 'bets'>): Bets {
  const hasSay: Readonly<Record<Harm, boolean>> = {
    errors: true,
    slow: after.slow.some(({ likelihoods }, index) => likelihoods !== before.slow[index]?.likelihoods),
    refused: after.refused !== before.refused,
    invalid: after.invalid !== before.invalid,
    objective: after.objective.requests > 0,
    refusedAlone: after.refusedAlone.onset.polls > 0,
  };
  const awake = new Set(HARMS.filter((harm) => before.bets[harm] !== undefined || hasSay[harm]));
  const isNew = HARMS.some((harm) => awake.has(harm) && before.bets[harm] === undefined);
  return isNew ? shareOutAnew(before.bets, before.levels, awake) : before.bets;
}

/** The likelihoods of one kind of bad request, each request counted for as much as it is by itself. */
export function likelihoodsOf(
  { users, ...evidence }: Pick<Evidence, 'users' | BadCount>,
  harm: BadCount,
): LogLikelihoods {
  // Only the proxy knows who has asked, and not what was wrong with an answer: any of a user's may have been.
  return weighLikelihoods(evidence[harm], harm === 'invalid' ? users.heaviest : users[harm]);
}

/** What a poll has not touched keeps its level: most polls hold nothing bad of most kinds. */
function measureLevels(
  evidence: Pick<
    Evidence,
    'plan' | 'baseline' | BadCount | 'slow' | 'objective' | 'refusedAlone' | 'bets' | 'users'
  >,
  before: Pick<Evidence, 'levels' | BadCount | 'slow' | 'users'>,
): EvidenceLevels {
  const { plan, baseline, objective, users } = evidence;
  const isAsHeavy = hasSameWeights(users, before.users);
  const levelOf = (level: keyof HarmEvidence, harm: BadCount, above?: number) =>
    isAsHeavy && evidence[harm] === before[harm]
      ? before.levels[level]
      : logEvidence(likelihoodsOf(evidence, harm), plan.tolerance, above);
  const isSlowNew = evidence.slow.some((one, index) => one.likelihoods !== before.slow[index]?.likelihoods);
  const levels = {
    errors: levelOf('errors', 'errors'),
    gross: levelOf('gross', 'errors', GROSS_ODDS_RATIO),
    refused: levelOf('refused', 'refused'),
    invalid: levelOf('invalid', 'invalid'),
    slow: isAsHeavy && !isSlowNew ? before.levels.slow : measureSlow(evidence.slow, users.slow),
    objective: measureObjective(objective, { eta: baseline.eta.errors, weight: users.errors }),
    refusedAlone: measureRefusedAlone(evidence.refusedAlone, users.refused),
  };
  return { ...levels, total: logCapital(evidence.bets, levels) };
}

function hasSameWeights(left: UserWeights, right: UserWeights): boolean {
  return (
    left.heaviest === right.heaviest &&
    left.errors === right.errors &&
    left.refused === right.refused &&
    left.slow === right.slow
  );
}
