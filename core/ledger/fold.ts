import type { LedgerEvent } from './event.ts';
import { type Draft, type Index, type OpenEnvironment, startIndex, toDraft } from './fold/draft.ts';
import { applyLifeEvent } from './fold/fold-life.ts';
import { applyMute } from './fold/fold-mutes.ts';
import { applyRolloutEvent } from './fold/fold-rollout.ts';
import type { RecordedEvent } from './lines/read-event.ts';
import { lockKey } from './locks.ts';
import { emptyLedger, type Freeze, type LedgerState, lookUp } from './state.ts';

/** A fold in progress. `add` gives whether the event counted; `state` is what all that counted lead to. */
type Fold = { readonly add: (event: RecordedEvent) => boolean; readonly state: () => LedgerState };

/**
 * Goes on with the fold of one model's events, in their order, from a state that the ones before led to; that state stays as it is.
 * Events of other models and events whose id came before do not count, so replays and duplicates are harmless; one of an unknown kind
 * counts and moves nothing. An event costs the same however many came before. A state is good until the next `add`.
 */
export function continueFold(from: LedgerState): Fold {
  const draft = toDraft(from);
  const index = startIndex(draft);
  return {
    add: (event) => {
      if (event.model !== draft.model || draft.ids.has(event.id)) return false;
      draft.ids.add(event.id);
      if (event.cause.kind === 'dispatch') draft.dispatches.add(event.cause.id);
      applyEvent(draft, index, event);
      draft.events = draft.ids.size;
      draft.lastEventAt = event.at;
      return true;
    },
    state: () => draft,
  };
}

/** Begins the fold of one model's events: see `continueFold`. */
export function startFold(model: string): Fold {
  return continueFold(emptyLedger(model));
}

/** The state that the events of one model lead to. */
export function foldLedger(model: string, events: Iterable<RecordedEvent>): LedgerState {
  const fold = startFold(model);
  for (const event of events) fold.add(event);
  return fold.state();
}

function applyEvent(draft: Draft, index: Index, event: RecordedEvent): void {
  switch (event.kind) {
    case 'training.requested':
    case 'training.resumed':
    case 'training.started':
    case 'training.finished':
    case 'search.finished':
    case 'holdout.fixed':
    case 'answers.fixed':
    case 'gate.judged':
    case 'version.registered':
    case 'package.built':
      applyLifeEvent(draft, index, event);
      break;
    case 'rollout.started':
    case 'rollout.advanced':
    case 'rollout.held':
    case 'rollout.resumed':
    case 'rollout.promoted':
    case 'rollout.rolled-back': {
      const { environment: name } = event.data;
      const found = { environment: openEnvironment(draft, name), returns: index.returnsOf(name) };
      draft.environments[name] = applyRolloutEvent(found, event, draft.versions);
      break;
    }
    case 'lock.acquired':
    case 'lock.released':
      applyLock(draft, event);
      break;
    case 'frozen': {
      const { at, actor, data } = event;
      freeze(draft, data.environment, { at, actor, reason: data.reason });
      break;
    }
    case 'unfrozen':
      freeze(draft, event.data.environment, undefined);
      break;
    case 'monitor.judged': {
      const { environment: name } = event.data;
      draft.environments[name] = applyJudgement(openEnvironment(draft, name), event);
      break;
    }
    case 'monitor.muted':
    case 'monitor.unmuted': {
      const { environment: name } = event.data;
      draft.environments[name] = applyMute(openEnvironment(draft, name), event);
      break;
    }
    case 'unknown': {
      const { kind } = event.data;
      draft.unknown[kind] = (lookUp(draft.unknown, kind) ?? 0) + 1;
    }
  }
}

/** A host is lost since the first judgement after which none has found it again. */
function applyJudgement(
  environment: OpenEnvironment,
  { at, data }: Extract<LedgerEvent, { kind: 'monitor.judged' }>,
): OpenEnvironment {
  const { environment: _name, lost, ...judged } = data;
  const before = environment.monitor?.lost ?? [];
  const sinceOf = (host: string) => before.find((one) => one.host === host)?.since ?? at;
  const silent = lost?.map((host) => ({ host, since: sinceOf(host) }));
  return { ...environment, monitor: { at, ...judged, ...(silent && { lost: silent }) } };
}

function applyLock(
  { locks }: Draft,
  { at, data, kind }: Extract<LedgerEvent, { kind: 'lock.acquired' | 'lock.released' }>,
): void {
  const key = lockKey(data);
  if (kind === 'lock.acquired') locks[key] = { ...data, acquiredAt: at };
  else if (locks[key]?.holder === data.holder) delete locks[key];
}

/** Thawing the whole model also thaws each of its environments. */
function freeze(draft: Draft, environment: string | undefined, frozen: Freeze | undefined): void {
  if (environment !== undefined) {
    draft.environments[environment] = { ...openEnvironment(draft, environment), frozen };
    return;
  }
  draft.frozen = frozen;
  if (frozen !== undefined) return;
  for (const [name, one] of Object.entries(draft.environments)) draft.environments[name] = { ...one, frozen };
}

function openEnvironment({ environments }: Draft, name: string): OpenEnvironment {
  return lookUp(environments, name) ?? { history: [] };
}
