import type { Problem } from '../../core/errors.ts';
import { addSeconds, type Instant } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData, LedgerEventKind } from '../../core/ledger/event.ts';
import { eventId } from '../../core/ledger/event-id.ts';
import { acquireLock, findConflictingLock, releaseLock, withoutLock } from '../../core/ledger/locks.ts';
import {
  type EnvironmentState,
  environmentOf,
  type LedgerState,
  type Rollout,
} from '../../core/ledger/state.ts';
import type { Clock, Ledger } from '../../core/ports.ts';
import { ok, type Result } from '../../core/result.ts';
import { findObstacle, type Obstacle } from '../../core/rollout/find-obstacle.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { Author } from '../job/author.ts';

/** The ledger at one reading. */
export type Reading = {
  /** When it was asked for. */
  readonly at: Instant;
  readonly state: LedgerState;
  /** The environment that this job works on. */
  readonly here: EnvironmentState;
  /** Whether an earlier attempt of this very job wrote an event of that kind: asking once must not act twice. */
  readonly hasWritten: (kind: LedgerEventKind) => boolean;
  /** What the ledger says against raising or promoting that rollout. */
  readonly obstacleTo: (rollout: Pick<Rollout, 'id' | 'stable'>) => Obstacle | undefined;
};

/** A reading that will be written to, if it is still the last one then, and the pen for it. */
export type Page = {
  readonly now: Reading;
  /** An event of this job, now. `parts` tell apart events of one kind. */
  readonly entry: <K extends LedgerEventKind>(
    kind: K,
    data: LedgerEventData<K>,
    ...parts: readonly (string | number)[]
  ) => LedgerEvent;
  /** Takes the environment's deploy lock for so many seconds; a problem that names who else has it and is not outranked. */
  readonly takeLock: (
    holder: string,
    seconds: number,
    outranks?: (other: string) => boolean,
  ) => Result<readonly LedgerEvent[], Problem>;
  readonly returnLock: (holder: string) => readonly LedgerEvent[];
};

/** What was decided does not stand on the state that it would be written to. */
export type Overtaken = 'overtaken';

/** What came of writing, and the ledger as it is now. */
export type Entered =
  | { readonly kind: 'written'; readonly now: Reading }
  /** Nothing was left to write: another attempt of this job had written it, or somebody else had done it. */
  | { readonly kind: 'already-there'; readonly now: Reading }
  /** Nothing was written, for what was decided no longer stands: whoever decided it decides again on `now`, or says so. */
  | { readonly kind: 'overtaken'; readonly now: Reading };

/**
 * The one way of deploy into the ledger. What is written is decided on the very state it is written to: after a lost race it is
 * decided again. An append rejects with a UserError where the decider, or a rule of the ledger, refuses.
 */
export type Journal = {
  readonly model: string;
  readonly environment: string;
  readonly read: () => Promise<Reading>;
  readonly history: () => Promise<readonly LedgerEvent[]>;
  readonly append: (
    decide: (page: Page) => Result<readonly LedgerEvent[], Problem> | Overtaken,
  ) => Promise<Entered>;
  /** Writes only while this rollout is open, whatever has become of it; `open` is what has. */
  readonly whileOpen: (
    rollout: Pick<Rollout, 'id'>,
    decide: (open: Rollout, page: Page) => readonly LedgerEvent[] | Overtaken,
  ) => Promise<Entered>;
};

type JournalOptions = {
  readonly ledger: Ledger;
  readonly model: string;
  readonly environment: string;
  readonly author: Author;
  readonly clock: Clock;
};

/** The journal of one job on one environment. */
export function createJournal(options: JournalOptions): Journal {
  const { ledger, model, environment, author, clock } = options;
  const readingOf = (state: LedgerState, at: Instant): Reading => ({
    at,
    state,
    here: environmentOf(state, environment),
    hasWritten: (kind) => {
      const prefix = `${eventId(author.cause, kind, environment)}/`;
      return [...state.ids].some((id) => id.startsWith(prefix));
    },
    obstacleTo: (rollout) => findObstacle({ state, environment, rollout, now: at }),
  });
  const append: Journal['append'] = async (decide) => {
    let proposed: readonly LedgerEvent[] = [];
    let isOvertaken = false;
    const { state, written } = await appendOrThrow(ledger, model, (found) => {
      // What this append tried before may have been taken, though the answer was lost: then nothing has overtaken it.
      if (proposed.length > 0 && proposed.every(({ id }) => found.ids.has(id))) return ok([]);
      const decided = decide(pageOf(readingOf(found, clock.now()), options));
      isOvertaken = decided === 'overtaken';
      if (decided === 'overtaken') return ok([]);
      if (decided.ok) proposed = decided.value;
      return decided;
    });
    const now = readingOf(state, clock.now());
    if (written.length > 0) return { kind: 'written', now };
    return { kind: isOvertaken ? 'overtaken' : 'already-there', now };
  };
  return {
    model,
    environment,
    read: async () => {
      const at = clock.now();
      return readingOf(await ledger.read(model), at);
    },
    history: () => ledger.history(model),
    append,
    whileOpen: ({ id }, decide) =>
      append((page) => {
        const open = page.now.here.rollout;
        const decided = open?.id === id ? decide(open, page) : 'overtaken';
        return decided === 'overtaken' ? decided : ok(decided);
      }),
  };
}

function pageOf(
  reading: Reading,
  { environment, author }: Pick<JournalOptions, 'environment' | 'author'>,
): Page {
  const { at, state } = reading;
  const context = { ...author, at };
  const lock = 'deploy';
  return {
    now: reading,
    entry: (kind, data, ...parts) => createEvent(context, kind, data, environment, ...parts),
    takeLock: (holder, seconds, outranks = () => false) => {
      const expiresAt = addSeconds(at, seconds);
      const own = { lock, environment, holder, expiresAt } as const;
      const other = findConflictingLock(state, own, at);
      if (other === undefined || !outranks(other.holder)) return acquireLock(state, context, own);
      const freed = releaseLock(state, context, other);
      const acquired = acquireLock(withoutLock(state, other), context, own);
      return acquired.ok ? ok([...freed, ...acquired.value]) : acquired;
    },
    returnLock: (holder) => releaseLock(state, context, { lock, environment, holder }),
  };
}

/**
 * Whether a rollout is no longer what it was when something was decided on it: it has ended, is in another stage, or a person has held
 * it or let it go on.
 */
export function hasMoved(now: Rollout | undefined, decidedOn: Rollout): boolean {
  if (now?.id !== decidedOn.id || now.stage !== decidedOn.stage || now.percent !== decidedOn.percent)
    return true;
  return (now.held?.code === 'held') !== (decidedOn.held?.code === 'held');
}
