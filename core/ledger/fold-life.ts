import type { LedgerEvent } from './event.ts';
import { type GateJudgement, type LedgerState, lookUp, type Training, type VersionState } from './state.ts';

type LifeEvent = Extract<
  LedgerEvent,
  {
    kind:
      | 'training.requested'
      | 'training.started'
      | 'training.finished'
      | 'gate.judged'
      | 'version.registered'
      | 'package.built';
  }
>;

/** Causes that no person stands behind: what the retrain budget counts. */
const AUTOMATIC: ReadonlySet<string> = new Set(['dispatch', 'schedule', 'agent']);

/** A model's life up to its package. */
export function applyLifeEvent(state: LedgerState, event: LifeEvent): LedgerState {
  switch (event.kind) {
    case 'training.requested':
    case 'training.started':
    case 'training.finished':
      return applyTraining(state, event);
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
      if (known === undefined) return state;
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
    requestedAt: at,
  };
}

function judge(state: LedgerState, gate: GateJudgement): LedgerState {
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
