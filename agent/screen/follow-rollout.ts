import { addObservation, type Evidence } from '../../core/rollout/evidence/evidence.ts';
import { comparedArm, type Observation } from '../../core/rollout/evidence/observation.ts';
import type { RolloutLease } from '../../core/serving/api.ts';
import { startEvidenceOnHost, tellOfStable } from '../../core/serving/evidence-on-host.ts';
import { addPoint, type EvidenceCurve } from '../../core/serving/screen/evidence-curve.ts';
import { failuresToAlarm } from '../../core/serving/screen/failures-to-alarm.ts';
import {
  addSparse,
  emptyLatency,
  type LatencyQuantiles,
  quantilesOf,
  type SparseLatency,
} from '../../core/serving/screen/sparse-latency.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import { unwrittenObservations } from '../traffic/observe.ts';
import { joinCalls } from './join-calls.ts';

/** Polls folded in one go: a few ms of work. */
const PIECE = 4;
/** Polls by which the present traffic is told: some minutes of them. */
const LATELY = 60;

/** What the polls of a rollout on this host give, so far. */
type FollowedRollout = {
  readonly evidence: Evidence;
  readonly curve: EvidenceCurve;
  readonly failuresToAlarm: number | undefined;
  readonly requestsPerSecond: number;
  readonly latency: { readonly stable: LatencyQuantiles; readonly candidate: LatencyQuantiles };
};

type Folded = {
  readonly rollout: string;
  readonly evidence: Evidence;
  readonly curve: EvidenceCurve;
  readonly seq: number;
  readonly lately: readonly Observation[];
};
/** Copied by no fold: an answer is counted once, and what could not be written is not among them. */
type Latencies = { readonly stable: SparseLatency; readonly candidate: SparseLatency };

/** The polls of a model's rollout, folded. */
type FollowRollout = (model: string, lease: RolloutLease) => Promise<FollowedRollout>;

/**
 * Folds a rollout's polls where somebody asks, and from then on only what is new. The brake folds the same by itself: nobody who watches
 * shall be able to delay it.
 */
export function createRolloutFollower({ store }: Pick<AgentContext, 'store'>): FollowRollout {
  const known = new Map<string, { readonly folded: Folded; readonly latencies: Latencies }>();
  const leases = new Map<string, RolloutLease>();
  const follow = joinCalls(async (model: string) => {
    const lease = leases.get(model);
    if (lease === undefined) throw new Error(`There is no rollout of ${model} to follow.`);
    const before = known.get(model);
    const isSame = before?.folded.rollout === lease.rollout;
    let folded = isSame ? renew(before.folded, lease) : begin(lease);
    const latencies = isSame ? before.latencies : { stable: emptyLatency(), candidate: emptyLatency() };
    for (;;) {
      const piece = store.observations(model, lease.rollout, folded.seq, PIECE);
      if (piece.length === 0) break;
      folded = piece.reduce(fold, folded);
      for (const one of piece) {
        addSparse(latencies.stable, one.stable.latency);
        addSparse(latencies.candidate, comparedArm(one).latency);
      }
      known.set(model, { folded, latencies });
      await breathe();
    }
    const whole = await addUnwritten(store, model, folded);
    await breathe();
    return tell(whole, latencies);
  });
  return (model, lease) => {
    leases.set(model, lease);
    return follow(model);
  };
}

function begin(lease: RolloutLease): Folded {
  return { rollout: lease.rollout, evidence: startEvidenceOnHost(lease), curve: [], seq: 0, lately: [] };
}

function renew(folded: Folded, lease: RolloutLease): Folded {
  return { ...folded, evidence: tellOfStable(folded.evidence, lease) };
}

function fold(folded: Folded, observation: Observation): Folded {
  const evidence = addObservation(folded.evidence, observation);
  const { at, stage, seq } = observation;
  return {
    ...folded,
    evidence,
    curve: addPoint(folded.curve, { at, stage, total: evidence.levels.total }),
    seq,
    lately: [...folded.lately, observation].slice(-LATELY),
  };
}

/** What a full disk kept from being written counts for the brake, so it is shown. */
async function addUnwritten(store: AgentContext['store'], model: string, written: Folded): Promise<Folded> {
  let folded = written;
  const unwritten = unwrittenObservations(store, { model, rollout: written.rollout, after: written.seq });
  for (const [index, observation] of unwritten.entries()) {
    if (index % PIECE === 0) await breathe();
    folded = fold(folded, observation);
  }
  return folded;
}

function tell({ evidence, curve, lately }: Folded, { stable, candidate }: Latencies): FollowedRollout {
  const last = lately.at(-1);
  const sum = (of: (observation: Observation) => number) => lately.reduce((all, one) => all + of(one), 0);
  const seconds = sum((one) => one.seconds);
  const requests = sum(({ stable: arm, candidate: other }) => arm.requests + other.requests);
  return {
    evidence,
    curve,
    failuresToAlarm: last && failuresToAlarm(evidence, last),
    requestsPerSecond: seconds > 0 ? requests / seconds : 0,
    latency: { stable: quantilesOf(stable), candidate: quantilesOf(candidate) },
  };
}
