import { addLatency, type LatencyCounts } from '../../statistics/latency-buckets.ts';
import { type ArmCounts, comparedArm, type Observation } from './observation.ts';
import { fitsBuckets, fixSlowThresholds, type SlowThreshold } from './slow-requests.ts';
import { addTotals } from './stage-totals.ts';
import { largerUserWeights, NO_USERS, type UserWeights } from './user-weights.ts';

/** A new worker's first requests are slow for reasons of their own: until either is reached, latency is not compared. */
const WARM_UP_REQUESTS = 50;
const WARM_UP_SECONDS = 60;

/** Intervals in which one version had no requests are joined with the next ones, up to this long. */
const LONGEST_JOINED_SECONDS = 300;

/** One interval that can be compared: both versions, same host, same stage, same share of traffic. */
export type ComparedInterval = {
  readonly stage: number;
  readonly percent: number;
  readonly seconds: number;
  readonly candidate: ArmCounts;
  readonly stable: ArmCounts;
};

/** What is remembered of one host between polls. JSON-serialisable. */
export type HostEvidence = {
  readonly lastSeq: number;
  readonly stage: number;
  readonly candidateRequests: number;
  readonly candidateSeconds: number;
  /** The stable version's latency since the thresholds were last fixed. */
  readonly stableLatency?: LatencyCounts;
  readonly thresholds?: readonly SlowThreshold[];
  readonly waiting?: ComparedInterval;
  /** The largest seen so far: an agent that starts again learns them anew. */
  readonly users?: UserWeights;
};

/** What one poll of a host gives to count now. `thresholds` are absent while the candidate warms up. */
export type HostStep = {
  readonly host: HostEvidence;
  readonly interval?: ComparedInterval;
  readonly thresholds?: readonly SlowThreshold[];
};

/** From when on a candidate is slower: the share that is not yet slower, and the stable version's latency before the rollout. */
type Slowness = { readonly margin: number; readonly pastLatency: LatencyCounts | undefined };

/**
 * Takes one poll of a host in. What counts as slow is fixed from the stable version's earlier requests only, at the start
 * of each stage, so that it never depends on what it judges.
 */
export function stepHost(
  before: HostEvidence | undefined,
  observation: Observation,
  slowness: Slowness,
): HostStep {
  const thresholds = chooseThresholds(before, observation, slowness);
  const isWarm =
    before !== undefined &&
    (before.candidateRequests >= WARM_UP_REQUESTS || before.candidateSeconds >= WARM_UP_SECONDS);
  const compared = comparedArm(observation);
  const interval = joinWaiting(before?.waiting, observation);
  const isComparable = interval.candidate.requests > 0 && interval.stable.requests > 0;
  const host: HostEvidence = {
    lastSeq: observation.seq,
    stage: observation.stage,
    candidateRequests: (before?.candidateRequests ?? 0) + compared.requests,
    candidateSeconds: (before?.candidateSeconds ?? 0) + (compared.requests > 0 ? observation.seconds : 0),
    stableLatency: gatherStableLatency(before, observation, thresholds),
    ...(thresholds && { thresholds }),
    ...(!isComparable && { waiting: interval }),
    ...weighUsersOf(before, observation),
  };
  return {
    host,
    ...(isComparable && { interval }),
    ...(isWarm && thresholds && { thresholds }),
  };
}

function weighUsersOf(before: HostEvidence | undefined, { users }: Observation): Pick<HostEvidence, 'users'> {
  const known = before?.users;
  if (users === undefined) return known === undefined ? {} : { users: known };
  return { users: largerUserWeights(known ?? NO_USERS, users) };
}

function chooseThresholds(
  before: HostEvidence | undefined,
  observation: Observation,
  { margin, pastLatency }: Slowness,
): readonly SlowThreshold[] | undefined {
  const { edges } = observation.stable.latency;
  const kept = before?.thresholds && fitsBuckets(before.thresholds, edges) ? before.thresholds : undefined;
  if (kept !== undefined && before?.stage === observation.stage) return kept;
  const fixed = fixSlowThresholds(before === undefined ? pastLatency : before.stableLatency, margin);
  return fixed !== undefined && fitsBuckets(fixed, edges) ? fixed : kept;
}

function gatherStableLatency(
  before: HostEvidence | undefined,
  observation: Observation,
  thresholds: readonly SlowThreshold[] | undefined,
): LatencyCounts {
  const { latency } = observation.stable;
  const isFresh = before?.stableLatency === undefined || thresholds !== before.thresholds;
  return isFresh ? latency : (addLatency(before.stableLatency, latency) ?? latency);
}

function joinWaiting(waiting: ComparedInterval | undefined, observation: Observation): ComparedInterval {
  const { stage, seconds, stable } = observation;
  const percent = observation.weights.candidate;
  const candidate = comparedArm(observation);
  const alone = { stage, percent, seconds, candidate, stable };
  if (waiting === undefined || waiting.stage !== stage || waiting.percent !== percent) return alone;
  if (waiting.seconds + seconds > LONGEST_JOINED_SECONDS) return alone;
  const joinedCandidate = addArms(waiting.candidate, candidate);
  const joinedStable = addArms(waiting.stable, stable);
  if (joinedCandidate === undefined || joinedStable === undefined) return alone;
  return {
    stage,
    percent,
    seconds: waiting.seconds + seconds,
    candidate: joinedCandidate,
    stable: joinedStable,
  };
}

function addArms(left: ArmCounts, right: ArmCounts): ArmCounts | undefined {
  const latency = addLatency(left.latency, right.latency);
  if (latency === undefined) return undefined;
  return { ...addTotals(left, right), latency };
}
