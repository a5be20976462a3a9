import type { Problem } from '../errors.ts';
import { addSeconds, isAfter } from '../instant.ts';
import { isSaid } from './cause.ts';
import type { LedgerEvent } from './event.ts';
import { findStartBar } from './find-start-bar.ts';
import { findServedPackage } from './fold/find-served-package.ts';
import { findConflictingLock, lockedProblem } from './locks.ts';
import { findMuteBar } from './mutes/find-mute-bar.ts';
import { MOST_MUTE_SECONDS } from './mutes/mute.ts';
import { hasServed } from './read-rollback.ts';
import { environmentOf, freezeOf, type LedgerState, lookUp, type Rollout } from './state.ts';

/** Causes that are no word of a person. */
const REPORTS: ReadonlySet<string> = new Set(['dispatch', 'schedule', 'agent']);

type RolloutStep = Extract<LedgerEvent, { kind: 'rollout.advanced' | 'rollout.held' | 'rollout.resumed' }>;

/**
 * Why an event may not follow on this state, or `undefined` when it may: the rules that hold for the ledger whoever writes to it.
 * One rollout per environment, none begun or promoted while frozen or over another champion than it is compared with, and nothing
 * rolled out or promoted that did not pass its gate. A rollback is always allowed, to what has served there; what serves keeps its
 * package.
 */
export function checkEvent(state: LedgerState, event: LedgerEvent): Problem | undefined {
  switch (event.kind) {
    case 'holdout.fixed':
      return checkHoldout(state, event);
    case 'answers.fixed':
      return checkAnswers(state, event);
    case 'gate.judged':
      return checkGate(state, event);
    case 'version.registered':
      return checkVersion(state, event);
    case 'package.built':
      return checkPackage(state, event);
    case 'rollout.started':
      return checkStart(state, event);
    case 'rollout.advanced':
    case 'rollout.held':
    case 'rollout.resumed':
      return checkStep(state, event);
    case 'rollout.promoted':
      return checkPromotion(state, event);
    case 'rollout.rolled-back':
      return checkReturn(state, event);
    case 'lock.acquired': {
      const conflict = findConflictingLock(state, event.data, event.at);
      return conflict === undefined ? undefined : lockedProblem(conflict);
    }
    case 'monitor.muted':
      return checkMute(event);
    default:
      return undefined;
  }
}

/** Only people mute, for a time that ends, and never what protects users at once. */
function checkMute(event: Extract<LedgerEvent, { kind: 'monitor.muted' }>): Problem | undefined {
  const { code, until } = event.data;
  const bar = findMuteBar(code);
  if (bar !== undefined) return { ...broken(event, `\`${code}\` is never muted`), remedy: bar.remedy };
  if (!isSaid(event.cause)) return broken(event, `no person said so, but a ${event.cause.kind}`);
  const most = addSeconds(event.at, MOST_MUTE_SECONDS);
  return isAfter(until, most) ? broken(event, `${until} is after ${most}, the latest allowed`) : undefined;
}

/** A commit that is older than the one whose holdout is in force takes nothing back. */
function checkHoldout(
  { holdout }: LedgerState,
  event: Extract<LedgerEvent, { kind: 'holdout.fixed' }>,
): Problem | undefined {
  if (holdout === undefined || event.data.seen >= holdout.seen) return undefined;
  return broken(event, `commit ${holdout.sha.slice(0, 12)} has fixed a later holdout`);
}

/** Nor does what an older commit says of the answers. */
function checkAnswers(
  { answers }: LedgerState,
  event: Extract<LedgerEvent, { kind: 'answers.fixed' }>,
): Problem | undefined {
  if (answers === undefined || event.data.seen >= answers.seen) return undefined;
  return broken(event, `commit ${answers.sha.slice(0, 12)} has fixed later what models answer`);
}

/** Nothing passes on other examples than the default branch's. */
function checkGate(
  { holdout }: LedgerState,
  event: Extract<LedgerEvent, { kind: 'gate.judged' }>,
): Problem | undefined {
  const { verdict, holdoutDigest } = event.data;
  if (verdict !== 'pass' || holdout === undefined || holdoutDigest === holdout.digest) return undefined;
  return broken(event, `the holdout ${holdoutDigest} is not the one that is fixed (${holdout.digest})`);
}

function checkVersion(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'version.registered' }>,
): Problem | undefined {
  const { version, runId, modelDigest } = event.data;
  const known = lookUp(state.versions, version);
  if (known !== undefined && known.runId !== runId) {
    return broken(event, `version ${version} was made by another run (${known.runId})`);
  }
  const gate = lookUp(state.gates, runId);
  if (gate?.verdict !== 'pass') return broken(event, `the run ${runId} has not passed the gate`);
  const judged = gate.modelDigest ?? modelDigest;
  return judged === modelDigest ? undefined : broken(event, `${judged} was judged, not ${modelDigest}`);
}

function checkPackage(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'package.built' }>,
): Problem | undefined {
  const { version } = event.data;
  if (lookUp(state.versions, version) === undefined)
    return broken(event, `version ${version} is not registered`);
  const served = findServedPackage(state, event.data);
  if (served === undefined) return undefined;
  return {
    ...broken(event, `version ${version} serves ${served.environment} in the package ${served.package}`),
    remedy: `What serves keeps its package: /deploy v${version} rolls that out. Another one needs a version of its own: train again.`,
  };
}

function checkReturn(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.rolled-back' }>,
): Problem | undefined {
  const { environment, version, stable } = event.data;
  const here = environmentOf(state, environment);
  if (here.champion?.version !== version || stable === undefined || hasServed(here, stable)) return undefined;
  return {
    ...broken(event, `version ${stable} never served ${environment}`),
    remedy:
      'Return to a version that served there: /status lists them. Another one has to be rolled out: /deploy.',
  };
}

function checkStart(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.started' }>,
): Problem | undefined {
  const { environment, version } = event.data;
  const { rollout, champion } = environmentOf(state, environment);
  if (rollout !== undefined) {
    return broken(event, `version ${rollout.version} is still being rolled out to ${environment}`);
  }
  const frozen = requireThawed(state, event);
  if (frozen !== undefined) return frozen;
  if (event.data.stable !== champion?.version) {
    return broken(event, `${champion?.version ?? 'nothing'} serves, not ${event.data.stable ?? 'nothing'}`);
  }
  if (version === champion?.version) return broken(event, `version ${version} serves ${environment} already`);
  const bar = findStartBar(state, { environment, version, namedAt: event.data.namedAt });
  return (
    requireGate(state, event, version) ?? requireRequest(state, event) ?? bar ?? requireVouched(state, event)
  );
}

/** What an unsigned beginning has passed may be anybody's: a person who names the version vouches for it. */
function requireVouched(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.started' }>,
): Problem | undefined {
  const { version, namedAt } = event.data;
  const runId = lookUp(state.versions, version)?.runId;
  const isVouched = runId === undefined || state.origin?.beginning?.runs.has(runId) !== true;
  if (isVouched || namedAt !== undefined) return undefined;
  return {
    ...broken(event, `version ${version} was passed before the first signed line of this ledger`),
    remedy: `Nobody vouches for it. If it is yours, name it: /deploy v${version}. Otherwise train again.`,
  };
}

/** A rollout that an unsigned beginning began raises nothing: whoever wrote that would give it everything. */
function requireOwn(
  { origin }: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.advanced' | 'rollout.promoted' }>,
): Problem | undefined {
  const { rollout, version } = event.data;
  if (origin?.beginning?.rollouts.has(rollout) !== true) return undefined;
  return {
    ...broken(event, `the rollout ${rollout} was begun before the first signed line of this ledger`),
    remedy: `Take it back (/rollback), and begin it again where the version is yours: /deploy v${version}.`,
  };
}

/** Reports say what happened. Those that ask for a training lead to a rollout by it, and no other does. */
function requireRequest(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.started' }>,
): Problem | undefined {
  const { kind, id } = event.cause;
  if (!REPORTS.has(kind) || lookUp(state.trainings, id) !== undefined) return undefined;
  return broken(event, `the ${kind} ${id} asked for no training, and no report begins a rollout`);
}

function checkStep(state: LedgerState, event: RolloutStep): Problem | undefined {
  const open = environmentOf(state, event.data.environment).rollout;
  const problem = requireOpen(event, open);
  if (problem !== undefined || open === undefined || event.kind !== 'rollout.advanced') return problem;
  const foreign = requireOwn(state, event);
  if (foreign !== undefined) return foreign;
  const { stage, percent, version } = event.data;
  const most = open.stages[stage];
  if (open.held !== undefined) return broken(event, 'the rollout is held');
  if (version !== open.version) return requireSameVersion(event, open);
  if (most === undefined) return broken(event, `there is no stage ${stage}`);
  if (stage < open.stage) return broken(event, `the rollout is at stage ${open.stage} already`);
  if (percent > most) return broken(event, `stage ${stage} allows ${most} %, not ${percent} %`);
  return undefined;
}

function checkPromotion(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.promoted' }>,
): Problem | undefined {
  const { environment, version } = event.data;
  const { rollout: open, champion } = environmentOf(state, environment);
  const problem =
    requireOpen(event, open) ??
    requireOwn(state, event) ??
    requireSameVersion(event, open) ??
    requireThawed(state, event) ??
    requireGate(state, event, version);
  if (problem !== undefined || open?.stable === champion?.version) return problem;
  const serving = champion?.version ?? 'nothing';
  return broken(event, `${serving} serves, and it was compared with ${open?.stable ?? 'nothing'}`);
}

function requireThawed(
  state: LedgerState,
  event: Extract<LedgerEvent, { kind: 'rollout.started' | 'rollout.promoted' }>,
): Problem | undefined {
  const { environment } = event.data;
  const freeze = freezeOf(state, environment);
  return freeze && broken(event, `${environment} is frozen by ${freeze.actor} since ${freeze.at}`);
}

function requireOpen(
  event: RolloutStep | Extract<LedgerEvent, { kind: 'rollout.promoted' }>,
  open: Rollout | undefined,
): Problem | undefined {
  if (open?.id === event.data.rollout) return undefined;
  return broken(event, `the rollout ${event.data.rollout} is not open`);
}

function requireSameVersion(
  event: Extract<LedgerEvent, { kind: 'rollout.advanced' | 'rollout.promoted' }>,
  open: Rollout | undefined,
): Problem | undefined {
  if (open?.version === event.data.version) return undefined;
  return broken(event, `the rollout is of version ${open?.version ?? 'none'}, not ${event.data.version}`);
}

function requireGate(state: LedgerState, event: LedgerEvent, version: string): Problem | undefined {
  if (lookUp(state.versions, version)?.gate?.verdict === 'pass') return undefined;
  return broken(event, `version ${version} has not passed the gate`);
}

function broken(event: LedgerEvent, why: string): Problem {
  return {
    code: 'ledger-rule',
    message: `\`${event.kind}\` can't be recorded: ${why}.`,
    remedy:
      'Another job or person has changed the state since; run the job again to decide on the present one.',
  };
}
