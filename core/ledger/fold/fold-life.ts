import type { LedgerEvent } from '../event.ts';
import { type GateJudgement, lookUp, type Training } from '../state.ts';
import type { Draft, Index } from './draft.ts';
import { findServedPackage } from './find-served-package.ts';

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
export function applyLifeEvent(draft: Draft, index: Index, event: LifeEvent): void {
  const { versions, gates } = draft;
  switch (event.kind) {
    case 'training.requested':
    case 'training.resumed':
    case 'training.started':
    case 'training.finished':
      applyTraining(draft, event);
      break;
    case 'search.finished':
      applySearch(draft, event);
      break;
    case 'holdout.fixed':
      draft.holdout = { ...event.data, at: event.at };
      break;
    case 'answers.fixed':
      draft.answers = { ...event.data, at: event.at };
      break;
    case 'gate.judged':
      judge(draft, index, { ...event.data, at: event.at });
      break;
    case 'version.registered': {
      const { version, ...rest } = event.data;
      const known = lookUp(versions, version);
      const gate = lookUp(gates, rest.runId);
      index.versionsOf(rest.runId).add(version);
      versions[version] = { ...known, version, ...rest, registeredAt: event.at, gate };
      break;
    }
    case 'package.built': {
      const { version, ...built } = event.data;
      const known = lookUp(versions, version);
      if (known === undefined || findServedPackage(draft, event.data) !== undefined) break;
      versions[version] = { ...known, package: { ...built, at: event.at } };
    }
  }
}

function applyTraining(
  { trainings, retrains }: Draft,
  event: Extract<LifeEvent, { kind: `training.${string}` }>,
): void {
  const { at, cause } = event;
  const known = lookUp(trainings, cause.id) ?? newTraining(event);
  switch (event.kind) {
    case 'training.requested':
      trainings[cause.id] = { ...newTraining(event), ...event.data, status: 'requested' };
      if (AUTOMATIC.has(cause.kind)) retrains.push({ at, correlationId: cause.id });
      break;
    case 'training.resumed':
      trainings[cause.id] = { ...known, resumed: { ...event.data, at, run: event.workflow.run } };
      break;
    case 'training.started':
      trainings[cause.id] = { ...known, ...event.data, status: 'started' };
      break;
    case 'training.finished':
      trainings[cause.id] = { ...known, ...event.data, finishedAt: at };
  }
}

/** A search after which nothing follows ends its request. */
function applySearch({ trainings }: Draft, event: Extract<LifeEvent, { kind: 'search.finished' }>): void {
  const { at, cause, data } = event;
  const known = lookUp(trainings, cause.id) ?? newTraining(event);
  const ended = known.next === undefined ? { status: 'finished' as const, finishedAt: at } : {};
  trainings[cause.id] = { ...known, search: data, ...ended };
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

function judge(
  { versions, gates, gatesPerHoldout, answers: fixedAnswers }: Draft,
  index: Index,
  judged: GateJudgement,
): void {
  const { runId, holdoutDigest } = judged;
  const known = lookUp(gates, runId);
  const fixed = known?.metrics;
  // A model passes by the answers that are fixed, or fixes them by passing.
  const answers = judged.verdict === 'pass' ? fixedAnswers?.contract : known?.answers;
  const gate = {
    ...judged,
    ...(fixed !== undefined && { metrics: { ...judged.metrics, ...fixed } }),
    ...(answers !== undefined && { answers }),
  };
  gates[runId] = gate;
  gatesPerHoldout[holdoutDigest] = (lookUp(gatesPerHoldout, holdoutDigest) ?? 0) + 1;
  for (const version of index.versionsOf(runId)) {
    const known = lookUp(versions, version);
    if (known?.runId === runId) versions[version] = { ...known, gate };
  }
}
