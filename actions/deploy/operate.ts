import { type Problem, UserError } from '../../core/errors.ts';
import { type Instant, isAfter } from '../../core/instant.ts';
import type { Rollout } from '../../core/ledger/state.ts';
import type { Obstacle } from '../../core/rollout/find-obstacle.ts';
import type { RequireObedience } from './hosts/require-obedience.ts';
import type { TellHeld } from './hosts/tell-held.ts';
import type { Journal, Reading } from './journal.ts';
import { type DeployOutcome, openOutcome, withReport } from './outcomes.ts';
import { type Brakes, explainBrake } from './rollout/brakes.ts';
import type { Conclude } from './rollout/conclude.ts';
import type { GoOn } from './rollout/drive.ts';
import type { Endings } from './rollout/end.ts';
import type { Memory } from './rollout/memory.ts';

/** What a promotion on the word of a person needs. */
export type PromotePorts = {
  readonly journal: Journal;
  readonly requireObedience: RequireObedience;
  readonly endings: Pick<Endings, 'promote'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly conclude: Conclude;
};

/** Promotes the open rollout now, on the word of the person who asked. */
export async function promoteNow(
  { journal, requireObedience, endings, memory, conclude }: PromotePorts,
  actor: string,
  said: Said,
): Promise<DeployOutcome> {
  for (;;) {
    const reading = await journal.read();
    if (reading.hasWritten('rollout.promoted')) return conclude(reading.here.history.at(-1)?.rollout);
    const open = requireOpen(reading, journal.environment);
    requireMeant(open, said);
    requireFree(reading, open);
    await requireObedience(open, reading);
    const explanation = `${actor} promoted it at ${open.percent} %, before the evidence was complete.`;
    const ended = await endings.promote(open, withReport('requested', explanation));
    if (ended.kind === 'ended') {
      await memory.rememberUnwatched(open);
      return ended.outcome;
    }
    // Another stage, or another word on holding it, changes nothing of what was asked for; an end does.
    if (ended.now.here.rollout?.id !== open.id) return conclude(open.id);
  }
}

const REMEDIES: Readonly<Record<Obstacle['code'], string>> = {
  frozen: 'Wait, or lift it with /unfreeze.',
  locked: 'Wait until its holder has finished, and look at /status.',
  'other-champion': 'Let the gate judge it against the version that serves: train it again with /train.',
};

/** What it takes to hold a rollout: nothing by which traffic could rise. */
export type HoldPorts = {
  readonly journal: Pick<Journal, 'read' | 'environment' | 'whileOpen'>;
  readonly brakes: Pick<Brakes, 'ask'>;
  readonly endings: Pick<Endings, 'rollBack'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly tellHeld: TellHeld;
  readonly conclude: Conclude;
};

/**
 * Holds the open rollout where it is; the agents watch on, and harm still rolls it back. It waits for no approval, so it never goes
 * on with a rollout: one that somebody has let go on since stays as it is.
 */
export async function hold(ports: HoldPorts, actor: string): Promise<DeployOutcome> {
  const { journal, brakes, endings, memory, tellHeld, conclude } = ports;
  const { environment } = journal;
  const rollout = requireOpen(await journal.read(), environment);
  const { now } = await journal.whileOpen(rollout, ({ id, percent, held }, page) => {
    if (held?.code === 'held') return [];
    const explanation = `${actor} held it at ${percent} %.`;
    return [page.entry('rollout.held', { code: 'held', explanation, rollout: id, environment }, id)];
  });
  const open = now.here.rollout;
  if (open?.id !== rollout.id) return conclude(rollout.id);
  if (open.held?.code !== 'held') {
    const explanation = 'It was held before, and let go on since: nothing was changed.';
    return openOutcome(environment, open, withReport('in-progress', explanation));
  }
  const brake = await brakes.ask(open.id);
  if (brake !== undefined) {
    const ended = await endings.rollBack(open, explainBrake(brake));
    if (ended.kind === 'overtaken') return conclude(open.id);
    await memory.rememberUnwatched(open);
    return ended.outcome;
  }
  await tellHeld(open, now);
  return openOutcome(environment, open, withReport('held', open.held.explanation));
}

/** What it takes to let a rollout go on. */
export type ControlPorts = { readonly journal: Journal; readonly goOn: GoOn };

/** Lets a held rollout go on: what comes next is as if it had never been held. A hold of a later time than that word stays. */
export async function resume({ journal, goOn }: ControlPorts, said: Said): Promise<DeployOutcome> {
  const { environment } = journal;
  const rollout = requireOpen(await journal.read(), environment);
  const { kind, now } = await journal.whileOpen(rollout, (open, page) => {
    if (findOtherMeaning(open, said) ?? findLaterHold(open, said)) return 'overtaken';
    const { id, held } = open;
    return held === undefined ? [] : [page.entry('rollout.resumed', { rollout: id, environment }, id)];
  });
  const open = now.here.rollout;
  if (kind === 'overtaken' && open !== undefined) {
    requireMeant(open, said);
    throwIfAny(findLaterHold(open, said));
  }
  return goOn(rollout.id);
}

/** What a person meant: the version that was open when it was said, and when that was. Absent where nobody knows. */
export type Said = { readonly saidAt: Instant | undefined; readonly wanted: string | undefined };

const SAY_AGAIN = 'Look at /status and say it again.';

/** A job may have waited: what was said of one rollout is not done to the next. */
function requireMeant(open: Rollout, said: Said): void {
  throwIfAny(findOtherMeaning(open, said));
}

function findOtherMeaning({ version, startedAt }: Rollout, { saidAt, wanted }: Said): Problem | undefined {
  const isMeant = wanted === undefined || wanted === version;
  if (isMeant && (saidAt === undefined || !isAfter(startedAt, saidAt))) return undefined;
  return {
    code: 'overtaken',
    message: `This was said of another rollout than the one open now (version ${version}).`,
    remedy: SAY_AGAIN,
  };
}

function findLaterHold({ held }: Rollout, { saidAt }: Said): Problem | undefined {
  const isLater = held?.code === 'held' && saidAt !== undefined && isAfter(held.at, saidAt);
  if (!isLater) return undefined;
  return {
    code: 'overtaken',
    message: `${held.actor} held it at ${held.at}, after this was said.`,
    remedy: SAY_AGAIN,
  };
}

function throwIfAny(problem: Problem | undefined): void {
  if (problem !== undefined) throw new UserError([problem]);
}

/** A person's word goes before what is missing, not before a freeze or somebody else's work. */
function requireFree(reading: Reading, rollout: Rollout): void {
  const obstacle = reading.obstacleTo(rollout);
  if (obstacle === undefined) return;
  const { code, explanation } = obstacle;
  throw new UserError([
    {
      code,
      message: `Version ${rollout.version} can't be promoted now. ${explanation}`,
      remedy: REMEDIES[code],
    },
  ]);
}

function requireOpen({ here: { rollout } }: Reading, environment: string): Rollout {
  if (rollout !== undefined) return rollout;
  throw new UserError([
    {
      code: 'no-rollout',
      message: `No rollout is open in ${environment}.`,
      remedy: 'Start one with /deploy; /status says what serves.',
    },
  ]);
}
