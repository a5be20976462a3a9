import { addObservation } from '../../core/rollout/evidence/evidence.ts';
import type { RolloutLease } from '../../core/serving/api.ts';
import { startEvidenceOnHost } from '../../core/serving/evidence-on-host.ts';
import { addPoint, type EvidenceCurve } from '../../core/serving/screen/evidence-curve.ts';
import type { PastEvidence } from '../../core/serving/screen/history.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import { readPastRollouts } from '../traffic/past-rollouts.ts';
import { joinCalls } from './join-calls.ts';

/** Polls folded in one go: a few ms of work. */
const PIECE = 4;
/** Points of each curve: several of them stand beside each other. */
const POINTS = 100;

/** The evidence of a model's last rollouts that are over, by rollout, as this host alone saw it. */
export type FollowPast = (model: string) => Promise<ReadonlyMap<string, PastEvidence>>;

/** Folds each of them where somebody asks for it first; what is over does not change any more. */
export function createPastFollower({ store }: Pick<AgentContext, 'store'>): FollowPast {
  const known = new Map<string, ReadonlyMap<string, PastEvidence>>();
  return joinCalls(async (model) => {
    const before = known.get(model);
    const told = new Map<string, PastEvidence>();
    for (const lease of readPastRollouts(store, model)) {
      told.set(lease.rollout, before?.get(lease.rollout) ?? (await fold(store, model, lease)));
    }
    if (told.size > 0) known.set(model, told);
    return told;
  });
}

async function fold(store: AgentContext['store'], model: string, lease: RolloutLease): Promise<PastEvidence> {
  let evidence = startEvidenceOnHost(lease);
  let curve: EvidenceCurve = [];
  let polls = 0;
  for (let seq = 0; ; ) {
    const piece = store.observations(model, lease.rollout, seq, PIECE);
    if (piece.length === 0) break;
    for (const observation of piece) {
      evidence = addObservation(evidence, observation);
      const { at, stage } = observation;
      curve = addPoint(curve, { at, stage, total: evidence.levels.total }, POINTS);
      seq = observation.seq;
    }
    polls += piece.length;
    await breathe();
  }
  return { limit: -Math.log(lease.plan.alarmAlpha), peak: evidence.peak.total, polls, curve: [...curve] };
}
