import { ANSWERS_KEYS, type AnswersContract, changedKeys, writeAnswersKey } from '../../answers/contract.ts';
import type { Problem } from '../../errors.ts';
import type { LedgerEventData } from '../event.ts';
import type { LedgerState } from '../state.ts';

/** What a model that is judged answers, and how much of that the default branch states, at which commit. */
type PresentAnswers = {
  readonly sha: string;
  readonly seen: number;
  readonly declared: AnswersContract;
  /** What the answers were read by, whole. */
  readonly contract: AnswersContract;
};

/** What the ledger makes of it: what it knows, what is to be fixed when the model passes, or nothing to judge by. */
export type AnswersDecision =
  | { readonly kind: 'known' }
  | { readonly kind: 'fixed'; readonly data: LedgerEventData<'answers.fixed'> }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * Whether models may be judged by what this one answers. The first that passes fixes it for the name; after that it changes only by a
 * later commit of the default branch that states it, and for no more than what that states.
 */
export function fixAnswers({ answers: fixed }: LedgerState, present: PresentAnswers): AnswersDecision {
  const { sha, seen, declared, contract } = present;
  const stated = ANSWERS_KEYS.filter((key) => declared[key] !== undefined);
  const data = { sha, seen, contract, declared: stated };
  if (fixed === undefined) return { kind: 'fixed', data };
  const changed = changedKeys(fixed.contract, contract);
  if (changed.length === 0) return { kind: 'known' };
  const by = `Commit ${fixed.sha.slice(0, 12)} of the default branch has fixed what models of this name answer`;
  if (seen < fixed.seen) {
    return refuse(
      'answers-superseded',
      `${by} since this training was planned.`,
      'Start the training again: its answers are then read by that.',
    );
  }
  const isStated = stated.some((key) => changed.includes(key));
  if (isStated && fixed.sha !== sha) return { kind: 'fixed', data };
  const named = changed.map((key) => `\`answers.${writeAnswersKey(key)}\``);
  return refuse(
    'answers-changed',
    `This model answers otherwise than ${named.join(', ')} of the ledger. ${by}.`,
    'Train a model of the same answers; or state the new ones under `answers` in trainyard.yml of the default branch.',
  );
}

function refuse(code: string, message: string, remedy: string): AnswersDecision {
  return { kind: 'refused', problem: { code, message, remedy } };
}
