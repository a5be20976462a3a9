import { err, ok, type Result } from '../../core/result.ts';
import type { Brake, TakeBack, Traffic } from '../../core/serving/api.ts';
import { BY_HAND } from '../../core/serving/brakes/by-hand.ts';
import { standingBrakes } from '../../core/serving/brakes/standing-brakes.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import { rebase } from './observe.ts';
import { recordBrake } from './record-brake.ts';
import { remember } from './set-traffic.ts';

type TakingBack = {
  readonly model: string;
  readonly request: TakeBack;
  /** What the next observation counts from; `undefined` when the proxy could not be asked. */
  readonly counters: ReadonlyMap<string, ClusterCounters> | undefined;
};

/**
 * Takes traffic from a version on the word of a person at this host: from a candidate that has a rollout, which the stable version
 * then answers for, else from the stable version, for the one that is named. It stays so whatever anyone asks for, until traffic is
 * set in which that version has no part, and it is reported, so that the ledger learns it.
 */
export function takeBack(
  context: AgentContext,
  { model, request, counters }: TakingBack,
): Result<Traffic, Refusal> {
  const { store, clock } = context;
  const stored = store.getTraffic(model);
  if (stored?.traffic.stable === undefined) return err(noTraffic(model));
  const { traffic } = stored;
  const isOnTrial = traffic.brake === undefined && traffic.candidate !== undefined;
  const from = isOnTrial ? traffic.candidate : traffic.stable;
  const to = request.to ?? (isOnTrial ? traffic.stable : undefined);
  const refusal = findRefusal(context, model, { from, to, stable: isOnTrial ? traffic.stable : undefined });
  if (refusal !== undefined || from === undefined || to === undefined) {
    return err(refusal ?? noTraffic(model));
  }
  const rollout = traffic.lease?.rollout ?? traffic.brake?.rollout ?? '';
  const brake: Brake = {
    rollout,
    version: from,
    code: BY_HAND,
    explanation: request.explanation,
    at: clock.now(),
  };
  const revision = traffic.revision + 1;
  const { candidate: _candidate, lease: _lease, ...rest } = traffic;
  const kept: Traffic = isOnTrial ? traffic : rest;
  // Whoever stands at the host and names a version has spoken for it.
  const braked = standingBrakes(traffic, {}).filter((one) => one.version !== to);
  const next = { ...kept, braked, stable: to, candidatePercent: 0, shadow: false, revision, brake };
  const over = [...remember(stored, kept.lease?.rollout)];
  recordBrake(context, { model, stored: { ...stored, traffic: next, over } });
  const isWritten = store.heldTraffic(model) === undefined;
  if (counters !== undefined && isWritten) {
    store.transaction(() => rebase(context, { model, traffic: next, counters }));
  }
  return ok(next);
}

type Ways = {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The only version that a candidate gives way to. */
  readonly stable: string | undefined;
};

function findRefusal(
  { store }: AgentContext,
  model: string,
  { from, to, stable }: Ways,
): Refusal | undefined {
  const ready = store
    .instances()
    .filter((one) => one.model === model && one.state === 'ready' && one.version !== from)
    .map(({ version }) => version);
  const { brake, braked = [] } = store.getTraffic(model)?.traffic ?? {};
  const harmful = new Set([brake?.version, ...braked.map(({ version }) => version)]);
  const others = ready.filter((version) => !harmful.has(version));
  const choice =
    others.length === 0 ? 'No other version is ready here.' : `Ready here: ${others.join(', ')}.`;
  if (to === undefined) {
    const message = `It was not said which version is to answer in the place of version ${from}.`;
    return new Refusal({ status: 422, code: 'version-missing', message, remedy: `Name it. ${choice}` });
  }
  if (stable !== undefined && to !== stable) {
    const message = `Version ${from} is on trial beside version ${stable}, and gives way to that alone.`;
    const remedy = `Take it back without naming a version first; then again, to version ${to}.`;
    return new Refusal({ status: 409, code: 'candidate-open', message, remedy });
  }
  if (ready.includes(to)) return undefined;
  const message = `Version ${to} of ${model} can't answer in the place of version ${from}: it is not ready on this host.`;
  return new Refusal({ status: 409, code: 'not-ready', message, remedy: choice });
}

function noTraffic(model: string): Refusal {
  return new Refusal({
    status: 404,
    code: 'no-such-traffic',
    message: `${model} has no traffic on this host.`,
    remedy: 'See /v1/state.',
  });
}
