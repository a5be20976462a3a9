import { addObservation, type Evidence } from '../../core/rollout/evidence/evidence.ts';
import type { RolloutLease } from '../../core/serving/api.ts';
import { decideTraffic } from '../../core/serving/decide-traffic.ts';
import { startEvidenceOnHost, tellOfStable } from '../../core/serving/evidence-on-host.ts';
import { fellTogether } from '../../core/serving/fell-together.ts';
import type { AgentContext } from '../context.ts';
import { PAGE_SIZE } from '../store/observation-table.ts';
import type { Store } from '../store/store.ts';
import { toInstance } from '../store/stored-instance.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { unwrittenObservations } from './observe.ts';
import { recordBrake, writeDown } from './record-brake.ts';
import { remindOfBrake } from './remind-of-brake.ts';
import { reportStage } from './report-stage.ts';

/** Evidence folded so far, per model; lost with the process and folded again from the store. */
export type EvidenceCache = Map<
  string,
  { readonly rollout: string; readonly evidence: Evidence; readonly seq: number }
>;

/** A model and its traffic as it is stored. */
export type ModelTraffic = { readonly model: string; readonly stored: StoredTraffic };
/** Why the agent acts. */
type Cause = { readonly code: string; readonly explanation: string };

/** Looks at one model's traffic and brakes, holds or reports; a brake that is on it may remind of. Gives whether the traffic was changed. */
export function judgeTraffic(context: AgentContext, cache: EvidenceCache, judged: ModelTraffic): boolean {
  const { store, clock } = context;
  const { model, stored } = judged;
  const { traffic } = stored;
  const { lease, brake: before } = traffic;
  if (before !== undefined) {
    if (store.heldTraffic(model) !== undefined) {
      writeDown(context, { model, stored: { ...stored, traffic: { ...traffic, brake: before } } });
    }
    remindOfBrake(context, { model, stored, brake: before });
    return false;
  }
  const folded = lease && foldEvidence(store, cache, { model, lease });
  const instanceOf = (version: string | undefined) =>
    version === undefined ? undefined : store.getInstance(model, version);
  const [stable, candidate] = [instanceOf(traffic.stable), instanceOf(traffic.candidate)];
  const decision = decideTraffic({
    traffic,
    setAt: stored.setAt,
    evidence: folded?.evidence,
    candidate: candidate && toInstance(candidate),
    stable: stable && toInstance(stable),
    fellTogether: fellTogether(candidate, stable),
    now: clock.now(),
  });
  switch (decision.kind) {
    case 'keep':
      return false;
    case 'hold':
      if (stored.heldSince === undefined) store.putTraffic(model, { ...stored, heldSince: clock.now() });
      return false;
    case 'report':
      if (folded?.isWhole === true && lease !== undefined)
        reportStage(context, { ...judged, lease }, decision.decision);
      return false;
    case 'brake':
      brake(context, judged, decision);
      return true;
  }
}

/**
 * Takes a candidate back on a host that began anew and can't write: what was braked before may not be written either. Silence it is called,
 * since no harm was seen: whoever renews the lease once there is room is heard again. Gives whether the traffic was changed.
 */
export function takeBackUnsure(context: AgentContext, { model, stored }: ModelTraffic): boolean {
  const { traffic } = stored;
  const { stable = '', candidate, lease, brake: before } = traffic;
  const isExposed = candidate !== undefined && (traffic.candidatePercent > 0 || traffic.shadow);
  const isAnswered = context.store.getInstance(model, stable)?.state === 'ready';
  if (!isExposed || !isAnswered || before !== undefined || lease === undefined) return false;
  const explanation =
    `This host began anew and can't write: what it had seen of rollout ${lease.rollout}, a brake perhaps, may be lost, ` +
    `so version ${stable} answers everything.`;
  brake(context, { model, stored }, { code: 'lease-expired', explanation });
  return true;
}

/** Gives all traffic to the stable version, notes why, and reports it. */
function brake(context: AgentContext, { model, stored }: ModelTraffic, { code, explanation }: Cause): void {
  const version = stored.traffic.candidate ?? '';
  const rollout = stored.traffic.lease?.rollout ?? '';
  const traffic = {
    ...stored.traffic,
    candidatePercent: 0,
    shadow: false,
    revision: stored.traffic.revision + 1,
    brake: { rollout, version, code, explanation, at: context.clock.now() },
  };
  recordBrake(context, { model, stored: { ...stored, traffic } });
}

/**
 * The evidence of a rollout's stored observations, a page further than at the last look, and whether that is all there is: after a
 * restart there are many, and no look may take long. Harm in a part of them is harm; that a stage is done only all of them say. What could
 * not be written is folded anew each time: it will be among those that are stored.
 */
function foldEvidence(
  store: Store,
  cache: EvidenceCache,
  { model, lease }: { readonly model: string; readonly lease: RolloutLease },
): { readonly evidence: Evidence; readonly isWhole: boolean } {
  const { rollout } = lease;
  const known = cache.get(model);
  const isSame = known?.rollout === rollout;
  const before = isSame ? tellOfStable(known.evidence, lease) : startEvidenceOnHost(lease);
  const after = isSame ? known.seq : 0;
  const page = store.observations(model, rollout, after);
  const evidence = page.reduce(addObservation, before);
  const seq = page.at(-1)?.seq ?? after;
  cache.set(model, { rollout, evidence, seq });
  if (page.length === PAGE_SIZE) return { evidence, isWhole: false };
  const unwritten = unwrittenObservations(store, { model, rollout, after: seq });
  return { evidence: unwritten.reduce(addObservation, evidence), isWhole: true };
}
