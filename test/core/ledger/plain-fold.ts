import { isSaid } from '../../../core/ledger/cause.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { lockKey } from '../../../core/ledger/locks.ts';
import {
  type Deployed,
  type EnvironmentState,
  emptyLedger,
  environmentOf,
  type Freeze,
  type GateJudgement,
  type LedgerState,
  lookUp,
  type Rollout,
  type RolloutOutcome,
  secondsHeld,
  type Training,
  type VersionState,
} from '../../../core/ledger/state.ts';

// What the ledger means, event by event, each giving a whole new state: slow, and plain enough to be read as the definition.

/** The state that the events of one model lead to, by definition. */
export function foldPlainly(model: string, events: Iterable<LedgerEvent>): LedgerState {
  let state = emptyLedger(model);
  for (const event of events) {
    if (event.model !== model || state.ids.has(event.id)) continue;
    const ids = new Set([...state.ids, event.id]);
    const heard = event.cause.kind === 'dispatch' ? [event.cause.id] : [];
    const dispatches = new Set([...state.dispatches, ...heard]);
    state = { ...applyEvent(state, event), ids, dispatches, events: ids.size, lastEventAt: event.at };
  }
  return state;
}

function applyEvent(state: LedgerState, event: LedgerEvent): LedgerState {
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
      const { environment: name, lost, ...judged } = event.data;
      return withEnvironment(state, name, (environment) => {
        const before = new Map((environment.monitor?.lost ?? []).map(({ host, since }) => [host, since]));
        const silent = lost?.map((host) => ({ host, since: before.get(host) ?? event.at }));
        return { ...environment, monitor: { at: event.at, ...judged, lost: silent } };
      });
    }
    case 'monitor.muted':
    case 'monitor.unmuted': {
      const { environment: name, code } = event.data;
      return withEnvironment(state, name, ({ mutes = [], ...environment }) => {
        const others = mutes.filter((one) => one.code !== code && one.until > event.at);
        if (event.kind === 'monitor.unmuted') return { ...environment, mutes: others };
        const { at, actor } = event;
        const { until, reason } = event.data;
        return { ...environment, mutes: [...others, { code, until, at, actor, reason }] };
      });
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

type LifeEvent = Extract<
  LedgerEvent,
  {
    kind:
      | 'training.requested'
      | 'training.resumed'
      | 'training.started'
      | 'training.finished'
      | 'search.finished'
      | 'holdout.fixed'
      | 'answers.fixed'
      | 'gate.judged'
      | 'version.registered'
      | 'package.built';
  }
>;

/** Causes that no person stands behind: what the retrain budget counts. */
const AUTOMATIC: ReadonlySet<string> = new Set(['dispatch', 'schedule', 'agent']);

/** A model's life up to its package. */
function applyLifeEvent(state: LedgerState, event: LifeEvent): LedgerState {
  switch (event.kind) {
    case 'training.requested':
    case 'training.resumed':
    case 'training.started':
    case 'training.finished':
      return applyTraining(state, event);
    case 'search.finished': {
      const known = lookUp(state.trainings, event.cause.id) ?? newTraining(event);
      const found = { ...known, search: event.data };
      if (known.next !== undefined) return withTraining(state, found);
      return withTraining(state, { ...found, status: 'finished', finishedAt: event.at });
    }
    case 'holdout.fixed':
      return { ...state, holdout: { ...event.data, at: event.at } };
    case 'answers.fixed':
      return { ...state, answers: { ...event.data, at: event.at } };
    case 'gate.judged':
      return judge(state, { ...event.data, at: event.at });
    case 'version.registered': {
      const { version, ...rest } = event.data;
      const known = lookUp(state.versions, version);
      const gate = lookUp(state.gates, rest.runId);
      return withVersion(state, { ...known, version, ...rest, registeredAt: event.at, gate });
    }
    case 'package.built': {
      const { version, ...built } = event.data;
      const known = lookUp(state.versions, version);
      const serving = Object.values(state.environments).flatMap(({ champion }) => champion ?? []);
      const isOther = serving.some((one) => one.version === version && one.package !== built.package);
      if (known === undefined || isOther) return state;
      return withVersion(state, { ...known, package: { ...built, at: event.at } });
    }
  }
}

function applyTraining(
  state: LedgerState,
  event: Extract<LifeEvent, { kind: `training.${string}` }>,
): LedgerState {
  const id = event.cause.id;
  const known = lookUp(state.trainings, id);
  switch (event.kind) {
    case 'training.requested': {
      const asked = withTraining(state, { ...newTraining(event), ...event.data, status: 'requested' });
      if (!AUTOMATIC.has(event.cause.kind)) return asked;
      return { ...asked, retrains: [...state.retrains, { at: event.at, correlationId: id }] };
    }
    case 'training.resumed': {
      const resumed = { ...event.data, at: event.at, run: event.workflow.run };
      return withTraining(state, { ...(known ?? newTraining(event)), resumed });
    }
    case 'training.started':
      return withTraining(state, { ...(known ?? newTraining(event)), ...event.data, status: 'started' });
    case 'training.finished':
      return withTraining(state, {
        ...(known ?? newTraining(event)),
        ...event.data,
        finishedAt: event.at,
      });
  }
}

/** A training that begins the ledger in the middle of its life is a plain one without parameters. */
function newTraining({ at, cause, actor, workflow }: LifeEvent): Training {
  return {
    correlationId: cause.id,
    operation: 'train',
    status: 'requested',
    sha: workflow.sha,
    parameters: {},
    cause,
    actor,
    run: workflow.run,
    requestedAt: at,
  };
}

function judge(state: LedgerState, said: GateJudgement): LedgerState {
  const passedBy =
    said.verdict === 'pass' ? state.answers?.contract : lookUp(state.gates, said.runId)?.answers;
  const gate = passedBy === undefined ? said : { ...said, answers: passedBy };
  const spent = lookUp(state.gatesPerHoldout, gate.holdoutDigest) ?? 0;
  const judged = Object.values(state.versions).filter(({ runId }) => runId === gate.runId);
  return judged.reduce((next, version) => withVersion(next, { ...version, gate }), {
    ...state,
    gates: { ...state.gates, [gate.runId]: gate },
    gatesPerHoldout: { ...state.gatesPerHoldout, [gate.holdoutDigest]: spent + 1 },
  });
}

function withTraining(state: LedgerState, training: Training): LedgerState {
  return { ...state, trainings: { ...state.trainings, [training.correlationId]: training } };
}

function withVersion(state: LedgerState, version: VersionState): LedgerState {
  return { ...state, versions: { ...state.versions, [version.version]: version } };
}

type RolloutEvent = Extract<LedgerEvent, { kind: `rollout.${string}` }>;
type Ending<K extends RolloutEvent['kind']> = Extract<RolloutEvent, { kind: K }>;
type Versions = Readonly<Record<string, VersionState>>;

/** A rollout's steps in one environment. A step of a rollout that is not the open one is late and moves nothing. */
function applyRolloutEvent(
  environment: EnvironmentState,
  event: RolloutEvent,
  versions: Versions,
): EnvironmentState {
  switch (event.kind) {
    case 'rollout.started':
      return { ...environment, ...namedBy(environment, event), rollout: openRollout(event) };
    case 'rollout.advanced': {
      const { stage, percent } = event.data;
      return withOpen(environment, event.data.rollout, (open) => ({
        ...open,
        stage,
        percent,
        stageStartedAt: stage === open.stage && open.percent > 0 ? open.stageStartedAt : event.at,
      }));
    }
    case 'rollout.held': {
      const { code, explanation } = event.data;
      const held = { at: event.at, actor: event.actor, code, explanation };
      return withOpen(environment, event.data.rollout, (open) => ({ ...endHold(open, event.at), held }));
    }
    case 'rollout.resumed':
      return withOpen(environment, event.data.rollout, (open) => endHold(open, event.at));
    case 'rollout.promoted':
      return promote(environment, event);
    case 'rollout.rolled-back':
      return rollBack(environment, event, versions);
  }
}

function openRollout({ at, actor, cause, data }: Ending<'rollout.started'>): Rollout {
  const { rollout: id, environment: _environment, envelope: _envelope, namedAt: _namedAt, ...rest } = data;
  return {
    ...{ id, ...rest, stage: 0, percent: 0, startedAt: at, stageStartedAt: at },
    ...{ heldSeconds: 0, actor, cause },
  };
}

function namedBy(
  { words }: EnvironmentState,
  { actor, data: { rollout, version, namedAt } }: Ending<'rollout.started'>,
): Pick<EnvironmentState, 'words'> {
  return namedAt === undefined ? {} : { words: { ...words, [version]: { rollout, actor, at: namedAt } } };
}

function endHold(open: Rollout, at: string): Rollout {
  return { ...open, heldSeconds: secondsHeld(open, at), held: undefined };
}

function withOpen(
  environment: EnvironmentState,
  id: string,
  change: (open: Rollout) => Rollout,
): EnvironmentState {
  const open = environment.rollout;
  return open?.id === id ? { ...environment, rollout: change(open) } : environment;
}

function promote(environment: EnvironmentState, { at, data }: Ending<'rollout.promoted'>): EnvironmentState {
  const { rollout, version, explanation } = data;
  const replaced = environment.champion;
  const open = environment.rollout;
  const startedAt = open?.id === rollout ? open.startedAt : undefined;
  return {
    ...environment,
    champion: { version, package: data.package, at },
    previous: replaced === undefined || replaced.version === version ? environment.previous : replaced,
    rollout: stillOpen(environment, rollout),
    mutes: replaced?.version === version ? environment.mutes : undefined,
    history: [...environment.history, { rollout, version, outcome: 'promoted', at, startedAt, explanation }],
  };
}

function rollBack(
  environment: EnvironmentState,
  { at, actor, cause, data }: Ending<'rollout.rolled-back'>,
  versions: Versions,
): EnvironmentState {
  const { rollout, version, stable, code, explanation } = data;
  const history = [
    ...environment.history,
    { rollout, version, outcome: 'rolled-back', at, code, explanation } as const,
  ];
  const ended = { ...environment, rollout: stillOpen(environment, rollout), history };
  const hasServed = environment.history.some((one) => one.outcome === 'promoted' && one.version === stable);
  const leavesChampion =
    environment.champion?.version === version && stable !== undefined && stable !== version && hasServed;
  if (!leavesChampion) return ended;
  const champion = { version: stable, package: packageOf(environment, stable, versions), at };
  const previous = findPrevious(ended, stable, versions);
  const returned = { ...ended, champion, previous, mutes: undefined };
  if (code !== 'requested' || !isSaid(cause)) return returned;
  return {
    ...returned,
    words: { ...environment.words, [stable]: { rollout, actor, at } },
  };
}

function stillOpen(environment: EnvironmentState, ended: string): Rollout | undefined {
  return environment.rollout?.id === ended ? undefined : environment.rollout;
}

function packageOf({ previous }: EnvironmentState, version: string, versions: Versions): string {
  const known = previous?.version === version ? previous : lookUp(versions, version)?.package;
  return known?.package ?? '';
}

/** The last version promoted here that is neither the champion now nor was ever taken back. */
function findPrevious(
  { history }: EnvironmentState,
  champion: string,
  versions: Versions,
): Deployed | undefined {
  const takenBack = new Set(
    history.filter(({ outcome }) => outcome === 'rolled-back').map(({ version }) => version),
  );
  const found = history.findLast(
    ({ outcome, version }: RolloutOutcome) =>
      outcome === 'promoted' && version !== champion && !takenBack.has(version),
  );
  const known = found === undefined ? undefined : lookUp(versions, found.version)?.package;
  return found === undefined || known === undefined
    ? undefined
    : { version: found.version, package: known.package, at: found.at };
}
