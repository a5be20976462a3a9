import type { LedgerEvent } from './event.ts';
import { applyLifeEvent } from './fold-life.ts';
import { applyRolloutEvent } from './fold-rollout.ts';
import { lockKey } from './locks.ts';
import { type EnvironmentState, emptyLedger, environmentOf, type Freeze, type LedgerState } from './state.ts';

/** A fold in progress. `add` gives whether the event counted; `state` is what all that counted lead to. */
type Fold = { readonly add: (event: LedgerEvent) => boolean; readonly state: () => LedgerState };

/**
 * Begins the fold of one model's events in their order. Events of other models and events whose id came before do not count, so
 * replays and duplicates are harmless. A state is good until the next `add`.
 */
export function startFold(model: string): Fold {
  const ids = new Set<string>();
  const dispatches = new Set<string>();
  let state: LedgerState = { ...emptyLedger(model), ids, dispatches };
  return {
    add: (event) => {
      if (event.model !== model || ids.has(event.id)) return false;
      ids.add(event.id);
      if (event.cause.kind === 'dispatch') dispatches.add(event.cause.id);
      state = { ...applyEvent(state, event), events: ids.size, lastEventAt: event.at };
      return true;
    },
    state: () => state,
  };
}

/** The state that the events of one model lead to. */
export function foldLedger(model: string, events: Iterable<LedgerEvent>): LedgerState {
  const fold = startFold(model);
  for (const event of events) fold.add(event);
  return fold.state();
}

function applyEvent(state: LedgerState, event: LedgerEvent): LedgerState {
  switch (event.kind) {
    case 'training.requested':
    case 'training.started':
    case 'training.finished':
    case 'gate.judged':
    case 'version.registered':
    case 'package.built':
      return applyLifeEvent(state, event);
    case 'rollout.started':
    case 'rollout.advanced':
    case 'rollout.held':
    case 'rollout.resumed':
    case 'rollout.promoted':
    case 'rollout.rolled-back':
      return withEnvironment(state, event.data.environment, (environment) =>
        applyRolloutEvent(environment, event, state.versions),
      );
    case 'lock.acquired':
    case 'lock.released':
      return applyLock(state, event);
    case 'frozen':
      return freeze(state, event.data.environment, {
        at: event.at,
        actor: event.actor,
        reason: event.data.reason,
      });
    case 'unfrozen':
      return freeze(state, event.data.environment, undefined);
    case 'monitor.judged': {
      const { environment: name, ...judged } = event.data;
      return withEnvironment(state, name, (environment) => ({
        ...environment,
        monitor: { at: event.at, ...judged },
      }));
    }
  }
}

function applyLock(
  state: LedgerState,
  { at, data, kind }: Extract<LedgerEvent, { kind: 'lock.acquired' | 'lock.released' }>,
): LedgerState {
  const key = lockKey(data);
  if (kind === 'lock.acquired') {
    return { ...state, locks: { ...state.locks, [key]: { ...data, acquiredAt: at } } };
  }
  if (state.locks[key]?.holder !== data.holder) return state;
  const { [key]: _released, ...locks } = state.locks;
  return { ...state, locks };
}

/** Thawing the whole model also thaws each of its environments. */
function freeze(
  state: LedgerState,
  environment: string | undefined,
  frozen: Freeze | undefined,
): LedgerState {
  if (environment !== undefined) return withEnvironment(state, environment, (one) => ({ ...one, frozen }));
  if (frozen !== undefined) return { ...state, frozen };
  const thawed = Object.entries(state.environments).map(([name, one]) => [name, { ...one, frozen }] as const);
  return { ...state, frozen, environments: Object.fromEntries(thawed) };
}

function withEnvironment(
  state: LedgerState,
  name: string,
  change: (environment: EnvironmentState) => EnvironmentState,
): LedgerState {
  return { ...state, environments: { ...state.environments, [name]: change(environmentOf(state, name)) } };
}
