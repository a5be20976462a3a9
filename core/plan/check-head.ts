import { type Instant, isBefore } from '../instant.ts';
import { lookUp } from '../ledger/state.ts';
import { type Refused, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/** A commit's name in full: a shorter one can be made to fit another commit. */
const FULL_NAME = 40;

/** What a comment said of the head, and when. */
type SaidOfHead = {
  readonly head: string;
  /** The commit it names, in full or shortened. */
  readonly commit: string | undefined;
  readonly at: Instant;
  /** Of the training that it asks for. */
  readonly correlationId: string;
};

/**
 * Refuses where the head is not what was meant when it was asked for: it is another than the named one, or than that which the same
 * comment asked for before, or was pushed after the comment. What can't be told is refused too, unless the head is named in full.
 */
export function checkHead(
  { headUpdate, state }: Pick<PlanInput, 'headUpdate' | 'state'>,
  { head, commit, at, correlationId }: SaidOfHead,
): Refused | undefined {
  if (commit !== undefined && !head.startsWith(commit)) return moved(head, `not ${commit}`);
  const asked = lookUp(state.trainings, correlationId)?.sha;
  if (asked !== undefined && asked !== head) return moved(head, `not ${short(asked)}, which was asked for`);
  if (asked === head || (commit !== undefined && commit.length >= FULL_NAME)) return undefined;
  if (headUpdate?.after !== head) {
    return refuse(
      'head-unknown',
      `When ${short(head)} was pushed can't be told, so it may be another than you have seen.`,
      `Name it in full, after a look at it: \`/train ${head}\`.`,
    );
  }
  return isBefore(at, headUpdate.at) ? moved(head, `pushed after this comment`) : undefined;
}

function moved(head: string, how: string): Refused {
  return refuse(
    'head-moved',
    `The head is ${short(head)} now, ${how}.`,
    'Look at what was pushed since, then comment again.',
  );
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
