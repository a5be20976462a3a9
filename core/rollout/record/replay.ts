import { isAfter, secondsBetween } from '../../instant.ts';
import type { LedgerEvent } from '../../ledger/event.ts';
import { decideRollout, ROLLBACK_CODES, type RolloutDecision } from '../decide-rollout.ts';
import { addObservation, sortObservations, startEvidence } from '../evidence/evidence.ts';
import { OBSTACLES } from '../find-obstacle.ts';
import type { RolloutRecord } from './record.ts';

/** A decision is made on the polls fetched so far: those of the last moments before it may not have been among them. */
const FETCH_LAG_SECONDS = 60;

/** Holds that no evidence leads to. */
const HELD_BY_OTHERS: ReadonlySet<string> = new Set(['held', 'hosts-away', ...OBSTACLES]);

/** One recorded step decided again. `other` steps were a person's, or for want of hosts: there is nothing to agree on. */
type ReplayedStep = {
  readonly at: string;
  readonly happened: string;
  readonly decided: string;
  readonly agreement: 'agrees' | 'differs' | 'other';
  readonly explanation: string;
};

/** A past rollout decided again from its observations; `agrees` when every step that was decided comes out the same. */
export type Replay = { readonly agrees: boolean; readonly steps: readonly ReplayedStep[] };

/** Where the rollout stood when a step was taken, as its events up to then say. */
type Standing = {
  readonly stage: number;
  readonly rolloutStartedAt: string;
  readonly stageStartedAt: string;
  readonly heldByPersonSince: string | undefined;
  /** Time that people have held it for before that. */
  readonly heldSeconds: number;
  /** The hosts for want of which it is held. */
  readonly missed: readonly string[];
};

/** Decides a recorded rollout again, step by step, from its observations and the time of each step alone. */
export function replayRollout(record: RolloutRecord): Replay {
  const first = record.events[0]?.at ?? '';
  let standing: Standing = {
    stage: -1,
    rolloutStartedAt: first,
    stageStartedAt: first,
    heldByPersonSince: undefined,
    heldSeconds: 0,
    missed: [],
  };
  const steps: ReplayedStep[] = [];
  for (const event of record.events) {
    const happened = nameStep(event, standing);
    if (happened !== undefined) steps.push(replayStep(record, standing, { event, happened }));
    standing = follow(standing, event);
  }
  return { agrees: steps.every(({ agreement }) => agreement !== 'differs'), steps };
}

/** What a step was, in the words of a decision; `undefined` for events that are no step. */
function nameStep(event: LedgerEvent, standing: Standing): string | undefined {
  switch (event.kind) {
    case 'rollout.advanced':
      // The first stage is entered without evidence: there is none yet.
      return standing.stage < 0 ? undefined : `advance to stage ${event.data.stage}`;
    case 'rollout.promoted':
      return 'promote';
    case 'rollout.rolled-back':
      return `rollback (${event.data.code})`;
    case 'rollout.held':
      return `hold (${event.data.code})`;
    default:
      return undefined;
  }
}

function replayStep(
  record: RolloutRecord,
  standing: Standing,
  { event, happened }: { readonly event: LedgerEvent; readonly happened: string },
): ReplayedStep {
  if (isAnothersStep(event)) {
    return {
      at: event.at,
      happened,
      decided: '–',
      agreement: 'other',
      explanation: 'Not decided from evidence.',
    };
  }
  const decisions = decideAround(record, standing, event.at);
  const isSame = (decision: RolloutDecision) => nameDecision(decision) === happened;
  const same = decisions.find(isSame) ?? decideAsHosts(record, standing, event).find(isSame);
  const decision = same ?? decisions.at(-1);
  return {
    at: event.at,
    happened,
    decided: decision === undefined ? '–' : nameDecision(decision),
    agreement: same === undefined ? 'differs' : 'agrees',
    explanation: decision?.explanation ?? '',
  };
}

/** Holds by request, for want of hosts and for an obstacle, promotions and rollbacks by command. */
function isAnothersStep(event: LedgerEvent): boolean {
  if (event.kind === 'rollout.promoted') return (event.data.code ?? 'promote') !== 'promote';
  if (event.kind === 'rollout.held') return HELD_BY_OTHERS.has(event.data.code);
  if (event.kind !== 'rollout.rolled-back') return false;
  const { code } = event.data;
  return !ROLLBACK_CODES.some((known) => known === code);
}

/** The decisions at this instant on every set of polls that may have been fetched by then, the smallest set first. */
function decideAround(record: RolloutRecord, standing: Standing, at: string): readonly RolloutDecision[] {
  const seen = sortObservations(record.observations).filter((poll) => !isAfter(poll.at, at));
  const surely = seen.filter((poll) => secondsBetween(poll.at, at) >= FETCH_LAG_SECONDS).length;
  const decisions: RolloutDecision[] = [];
  let evidence = startEvidence(record.plan, record.baseline);
  for (let count = 0; count <= seen.length; count += 1) {
    const poll = seen[count - 1];
    if (poll !== undefined) evidence = addObservation(evidence, poll);
    if (count < surely) continue;
    const decision = decideRollout({
      plan: record.plan,
      evidence,
      stage: Math.max(0, standing.stage),
      stageStartedAt: standing.stageStartedAt,
      rolloutStartedAt: standing.rolloutStartedAt,
      now: at,
      control: standing.heldByPersonSince === undefined ? 'running' : 'held',
      heldSeconds: secondsHeld(standing, at),
      hosts: { total: standing.missed.length + 1, away: standing.missed, mayBeAway: 0 },
    });
    decisions.push(decision);
  }
  return decisions;
}

/** A host brakes on what it alone has seen, and knows of no rollout before: its decisions at the instant of a rollback. */
function decideAsHosts(
  record: RolloutRecord,
  standing: Standing,
  event: LedgerEvent,
): readonly RolloutDecision[] {
  if (event.kind !== 'rollout.rolled-back') return [];
  const { baseline: _baseline, ...alone } = record;
  return [...Map.groupBy(record.observations, ({ host }) => host).values()].flatMap((observations) =>
    decideAround({ ...alone, observations }, standing, event.at),
  );
}

function nameDecision(decision: RolloutDecision): string {
  switch (decision.kind) {
    case 'advance':
      return `advance to stage ${decision.to}`;
    case 'rollback':
    case 'hold':
      return `${decision.kind} (${decision.code})`;
    default:
      return decision.kind;
  }
}

function follow(standing: Standing, event: LedgerEvent): Standing {
  switch (event.kind) {
    case 'rollout.started':
      return { ...standing, rolloutStartedAt: event.at, stageStartedAt: event.at };
    case 'rollout.advanced':
      return { ...standing, stage: event.data.stage, stageStartedAt: event.at };
    case 'rollout.held':
      if (event.data.code === 'held')
        return { ...standing, heldSeconds: secondsHeld(standing, event.at), heldByPersonSince: event.at };
      return { ...standing, missed: event.data.code === 'hosts-away' ? (event.data.away ?? []) : [] };
    case 'rollout.resumed':
      return {
        ...standing,
        heldSeconds: secondsHeld(standing, event.at),
        heldByPersonSince: undefined,
        missed: [],
      };
    default:
      return standing;
  }
}

function secondsHeld({ heldByPersonSince, heldSeconds }: Standing, at: string): number {
  if (heldByPersonSince === undefined) return heldSeconds;
  return heldSeconds + Math.max(0, secondsBetween(heldByPersonSince, at));
}
