import { err, ok, type Result } from '../../core/result.ts';
import type { SetTraffic, Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { rebase } from './observe.ts';

/**
 * Stores new traffic for a model if the caller knew the present revision. Both versions must be ready here. A brake stays until
 * another rollout is set or the candidate is gone from the traffic. `counters` are what the next observation counts from.
 */
export function setTraffic(
  context: AgentContext,
  model: string,
  request: SetTraffic,
  expected: number | undefined,
  counters: ReadonlyMap<string, ClusterCounters> | undefined,
): Result<Traffic, Refusal> {
  const { store, clock } = context;
  const before = store.getTraffic(model)?.traffic;
  if (before?.revision !== expected) {
    return err(
      refuse(412, 'revision-changed', 'The traffic was changed meanwhile.', 'Read it again and decide anew.'),
    );
  }
  const refusal = findRefusal(context, model, request, before);
  if (refusal !== undefined) return err(refusal);
  const traffic: Traffic = { ...request, revision: (before?.revision ?? 0) + 1 };
  const stored: StoredTraffic = { traffic, setAt: clock.now() };
  const reportedStage = store.getTraffic(model)?.reportedStage;
  store.transaction(() => {
    store.putTraffic(model, { ...stored, ...(reportedStage !== undefined && { reportedStage }) });
    if (counters !== undefined) rebase(context, model, traffic, counters);
  });
  return ok(traffic);
}

function findRefusal(
  context: AgentContext,
  model: string,
  request: SetTraffic,
  before: Traffic | undefined,
): Refusal | undefined {
  const { stable, candidate, candidatePercent, shadow, lease } = request;
  if (candidate === undefined && (candidatePercent > 0 || shadow)) {
    return refuse(
      422,
      'candidate-missing',
      'Traffic for a candidate that is not named.',
      'Name the candidate.',
    );
  }
  if (candidate === stable) {
    return refuse(
      422,
      'candidate-is-stable',
      `Version ${stable} is named twice.`,
      'Leave out the candidate.',
    );
  }
  if (before?.brake !== undefined && before.brake.rollout === lease?.rollout && candidatePercent > 0) {
    const message = `This host braked rollout ${before.brake.rollout}: ${before.brake.explanation}`;
    return refuse(409, 'braked', message, 'Roll it back; a new rollout may try again.');
  }
  for (const version of [stable, candidate]) {
    if (version === undefined) continue;
    const state = context.store.getInstance(model, version)?.state;
    if (state === 'ready' || (state !== undefined && keepsShare(version, request, before))) continue;
    const message = `Version ${version} of ${model} is ${state ?? 'unknown'} on this host.`;
    return refuse(409, 'not-ready', message, 'Start it and wait until it is ready.');
  }
  return undefined;
}

/** A version that is being started again keeps the traffic it has, and gets no more: there is nothing better to give it to. */
function keepsShare(version: string, wanted: SetTraffic, before: Traffic | undefined): boolean {
  if (version === before?.stable) return version === wanted.stable;
  if (version !== before?.candidate || before.brake !== undefined) return false;
  const share = version === wanted.stable ? 100 : wanted.candidatePercent;
  return share <= before.candidatePercent && (before.shadow || !wanted.shadow);
}
