import { type Instant, isBefore } from '../instant.ts';
import { lookUp } from '../ledger/state.ts';
import type { PullRequest } from '../pull-request.ts';
import { type Refused, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/** Whether the branch lies in another repository. GitHub's names do not differ in their case alone. */
export function isOfFork({ headRepository, baseRepository }: PullRequest): boolean {
  return headRepository.toLowerCase() !== baseRepository.toLowerCase();
}

/** What a comment said of the head, and when. */
type SaidOfHead = {
  readonly head: string;
  /** The commit it names, in full or shortened. */
  readonly commit: string | undefined;
  /** Whether the branch lies in a fork: who pushes there is asked by nobody here. */
  readonly isFork: boolean;
  readonly at: Instant;
  /** Of the training that it asks for. */
  readonly correlationId: string;
};

/**
 * Refuses where the head is not what was meant when it was asked for: it is another than the named one, or than that which the same
 * comment asked for before, or was pushed after the comment. What can't be told is refused too, unless the head is named in full: a
 * shorter name can be made to fit another commit. Of a fork it has to be named so.
 */
export function checkHead(
  { headUpdate, state }: Pick<PlanInput, 'headUpdate' | 'state'>,
  { head, commit, isFork, at, correlationId }: SaidOfHead,
): Refused | undefined {
  if (commit !== undefined && !head.startsWith(commit)) return moved(head, `not ${commit}`);
  const other = checkAsked({ state }, { sha: head, correlationId });
  if (other !== undefined) return other;
  if (commit === head) return undefined;
  if (isFork) {
    return refuse(
      'head-unnamed',
      'This pull request comes from a fork, whose author may push at any moment.',
      `Name the head in full, after a look at it: \`/train ${head}\`.`,
    );
  }
  if (lookUp(state.trainings, correlationId) !== undefined) return undefined;
  if (headUpdate?.after !== head) {
    return refuse(
      'head-unknown',
      `When ${short(head)} was pushed can't be told, so it may be another than you have seen.`,
      `Name it in full, after a look at it: \`/train ${head}\`.`,
    );
  }
  return isBefore(at, headUpdate.at) ? moved(head, `pushed after this comment`) : undefined;
}

/** One request is of one commit: run again after the head moved, it would be on record as a training of what was never trained. */
export function checkAsked(
  { state }: Pick<PlanInput, 'state'>,
  { sha, correlationId }: { readonly sha: string; readonly correlationId: string },
): Refused | undefined {
  const asked = lookUp(state.trainings, correlationId)?.sha;
  if (asked === undefined || asked === sha) return undefined;
  return moved(sha, `not ${short(asked)}, which was asked for`);
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
