import { err, ok, type Result } from '../../core/result.ts';
import type { Brake, SetTraffic, Traffic } from '../../core/serving/api.ts';
import { BY_HAND, hasPart } from '../../core/serving/brakes/by-hand.ts';
import { standingBrakes } from '../../core/serving/brakes/standing-brakes.ts';
import { keepStablePast } from '../../core/serving/evidence-on-host.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { rebase } from './observe.ts';
import { claimUnnamed } from './unnamed-model.ts';

/** How many rollouts that are over are known by name: a job does not sleep through more. */
const REMEMBERED_ROLLOUTS = 20;

type Change = {
  readonly model: string;
  readonly request: SetTraffic;
  /** The revision that the caller knew; `undefined` when there was no traffic. */
  readonly expected: number | undefined;
  /** What the next observation counts from; `undefined` when the proxy could not be asked. */
  readonly counters: ReadonlyMap<string, ClusterCounters> | undefined;
};

/**
 * Stores new traffic for a model if the caller knew the present revision. Versions that are to get requests must be ready here. A
 * brake is on until another rollout is set or the candidate is gone from the traffic, one by hand until the version it is on has no
 * part any more. What was braked for harm gets requests again only by a person's word that the order carries: a repair has none. A
 * rollout that has left the traffic never comes back: a job that slept through its end can't raise it again.
 */
export function setTraffic(
  context: AgentContext,
  { model, request, expected, counters }: Change,
): Result<Traffic, Refusal> {
  const { store, clock } = context;
  const known = store.getTraffic(model);
  const before = known?.traffic;
  if (before?.revision !== expected) {
    return err(
      new Refusal({
        status: 412,
        code: 'revision-changed',
        message: 'The traffic was changed meanwhile.',
        remedy: 'Read it again and decide anew.',
      }),
    );
  }
  const elsewhere = findElsewhere(context, { model, before, environment: request.environment });
  const refusal = elsewhere ?? findRefusal(context, { model, request, known });
  if (refusal !== undefined) return err(refusal);
  const environment = request.environment ?? before?.environment;
  const ledger = request.ledger ?? before?.ledger;
  const braked = standingBrakes(before, request);
  const isHeld = before?.brake !== undefined && isStillOn(before.brake, request, braked);
  const traffic: Traffic = {
    ...request,
    ...(request.lease && { lease: keepStablePast(request.lease, before?.lease) }),
    ...(braked.length > 0 && { braked: [...braked] }),
    ...(environment !== undefined && { environment }),
    ...(ledger !== undefined && { ledger }),
    revision: (before?.revision ?? 0) + 1,
    ...(isHeld && { brake: before.brake }),
  };
  const reportedStage = known?.reportedStage;
  const stored: StoredTraffic = {
    traffic,
    setAt: clock.now(),
    over: [...remember(known, request.lease?.rollout)],
    ...(reportedStage !== undefined && { reportedStage }),
  };
  store.transaction(() => {
    store.putTraffic(model, stored);
    if (known === undefined) claimUnnamed(store, model);
    if (counters !== undefined) rebase(context, { model, traffic, counters });
  });
  return ok(traffic);
}

/** The rollouts that are over once the traffic is of this one, oldest first. */
export function remember(known: StoredTraffic | undefined, next: string | undefined): readonly string[] {
  const left = known?.traffic.lease?.rollout;
  const over = known?.over ?? [];
  if (left === undefined || left === next) return over;
  return [...over, left].slice(-REMEMBERED_ROLLOUTS);
}

function findRefusal(
  context: AgentContext,
  {
    model,
    request,
    known,
  }: Pick<Change, 'model' | 'request'> & { readonly known: StoredTraffic | undefined },
): Refusal | undefined {
  const before = known?.traffic;
  const { stable, candidate, candidatePercent, shadow, lease } = request;
  if (candidate === undefined && (candidatePercent > 0 || shadow)) {
    return new Refusal({
      status: 422,
      code: 'candidate-missing',
      message: 'Traffic for a candidate that is not named.',
      remedy: 'Name the candidate.',
    });
  }
  if (candidate === stable) {
    return new Refusal({
      status: 422,
      code: 'candidate-is-stable',
      message: `Version ${stable} is named twice.`,
      remedy: 'Leave out the candidate.',
    });
  }
  if (lease !== undefined && known?.over?.includes(lease.rollout)) {
    const message = `Rollout ${lease.rollout} has ended on this host.`;
    return new Refusal({
      status: 409,
      code: 'rollout-over',
      message,
      remedy: 'Read how it ended in the ledger; a new rollout may begin.',
    });
  }
  const braked = findBraked(request, before);
  if (braked !== undefined) return braked;
  for (const version of [stable, candidate]) {
    if (version === undefined || isIdle(version, request)) continue;
    const state = context.store.getInstance(model, version)?.state;
    if (state === 'ready' || (state !== undefined && keepsShare(version, request, before))) continue;
    const message = `Version ${version} of ${model} is ${state ?? 'unknown'} on this host.`;
    return new Refusal({
      status: 409,
      code: 'not-ready',
      message,
      remedy: 'Start it and wait until it is ready.',
    });
  }
  return undefined;
}

/** Silence is no proof of harm, and does not stand: whoever renews the lease after it is heard again. */
function findBraked(request: SetTraffic, before: Traffic | undefined): Refusal | undefined {
  const brake = standingBrakes(before, request).find(({ version }) => givesRequests(request, version));
  if (brake === undefined) return undefined;
  const { rollout, version, explanation, at, code } = brake;
  const again = `then a person may name it again: /deploy v${version}.`;
  const byHand = {
    message: `Version ${version} was taken back by hand on this host at ${at}: ${explanation}`,
    remedy: `Record it with /rollback v${before?.stable}; ${again}`,
  };
  const forHarm = {
    message: `This host braked rollout ${rollout} of version ${version} at ${at}: ${explanation}`,
    remedy: `Take version ${version} back with /rollback; ${again}`,
  };
  return new Refusal({ status: 409, code: 'braked', ...(code === BY_HAND ? byHand : forHarm) });
}

/** Whether the brake that is on stays on under this order: that of its own rollout does, and one by hand while its version has a part. */
function isStillOn(brake: Brake, request: SetTraffic, standing: readonly Brake[]): boolean {
  if (!standing.some(({ rollout, at }) => rollout === brake.rollout && at === brake.at)) return false;
  return brake.code === BY_HAND ? hasPart(request, brake) : request.lease?.rollout === brake.rollout;
}

function givesRequests(
  { stable, candidate, candidatePercent, shadow }: SetTraffic,
  version: string,
): boolean {
  return stable === version || (candidate === version && (candidatePercent > 0 || shadow));
}

/** A version that takes no request need not be there. A candidate is asked for even so: whoever names it means to raise it next. */
function isIdle(version: string, { stable, candidatePercent }: SetTraffic): boolean {
  return version === stable && candidatePercent === 100;
}

/** A version that is being started again keeps the traffic it has, and gets no more: there is nothing better to give it to. */
function keepsShare(version: string, wanted: SetTraffic, before: Traffic | undefined): boolean {
  if (version === before?.stable) return version === wanted.stable;
  if (version !== before?.candidate || before.brake !== undefined) return false;
  const share = version === wanted.stable ? 100 : wanted.candidatePercent;
  return share <= before.candidatePercent && (before.shadow || !wanted.shadow);
}

/** A model has one environment on a host, and changes it only for that of the agent itself. */
function findElsewhere(
  { options }: AgentContext,
  {
    model,
    before,
    environment,
  }: {
    readonly model: string;
    readonly before: Traffic | undefined;
    readonly environment: string | undefined;
  },
): Refusal | undefined {
  const present = before?.environment;
  const isOwn = environment === undefined || environment === options.environment;
  if (present === undefined || present === environment || isOwn) return undefined;
  return new Refusal({
    status: 409,
    code: 'other-environment',
    message: `This host serves ${model} for ${present}, and ${environment} gave the order.`,
    remedy: `List it in one environment of trainyard.yml only. To hand it over, start its agent with --environment ${environment}.`,
  });
}
