import type { AnswersContract } from '../../core/answers/contract.ts';
import { type AnswersDecision, fixAnswers } from '../../core/ledger/answers/fix-answers.ts';
import {
  fixHoldout,
  type HoldoutDecision,
  type PresentHoldout,
} from '../../core/ledger/holdout/fix-holdout.ts';
import type { LedgerState } from '../../core/ledger/state.ts';

/** What the ledger makes of the holdout, and of what the model answers. */
export type Decisions = { readonly holdout: HoldoutDecision; readonly answers: AnswersDecision };

/** Both on one state: the holdout as judge has read it, and what is stated and concluded of the challenger's answers. */
export function decideFixed(
  state: LedgerState,
  present: PresentHoldout,
  answers: { readonly declared: AnswersContract; readonly contract: AnswersContract },
): Decisions {
  const { sha, seen } = present.declared;
  return { holdout: fixHoldout(state, present), answers: fixAnswers(state, { sha, seen, ...answers }) };
}

/** Whether both still stand. Somebody judged in between: what they have fixed may be this very thing. */
export function areSame(then: Decisions, now: Decisions): boolean {
  return isSame(then.holdout, now.holdout) && isSame(then.answers, now.answers);
}

function isSame(then: Pick<HoldoutDecision, 'kind'>, now: Pick<HoldoutDecision, 'kind'>): boolean {
  return then.kind === now.kind || (then.kind === 'fixed' && now.kind === 'known');
}
