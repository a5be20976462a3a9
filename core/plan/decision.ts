import type { StartBar } from '../ledger/find-start-bar.ts';
import type { MuteBar } from '../ledger/mutes/find-mute-bar.ts';
import type { ReturnBar } from '../rollout/find-return-bar.ts';
import type { PlannedOperation } from './hand-over.ts';

/** Why an event is none of our business. */
type IgnoreCode =
  | 'unsupported-event'
  | 'not-default-branch'
  | 'branch-deleted'
  | 'docs-only'
  | 'rules-only'
  | 'skip-requested'
  | 'edited-comment'
  | 'bot-comment'
  | 'not-a-command'
  | 'unknown-dispatch'
  | 'other-model'
  | 'replayed'
  | 'looked-since'
  | 'reminded-by-others'
  | 'retrain-open'
  | 'rollout-open'
  | 'delivery-open'
  | 'rollout-over'
  | 'training-over';

/** Why someone who asked for something does not get it. */
type RefuseCode =
  | 'bad-payload'
  | 'not-allowed'
  | 'fork'
  | 'closed-pull-request'
  | 'other-branch'
  | 'head-moved'
  | 'head-unknown'
  | 'head-unnamed'
  | 'unknown-command'
  | 'which-model'
  | 'bad-argument'
  | 'unknown-parameter'
  | 'bad-parameter'
  | 'no-search'
  | 'search-running'
  | 'not-searched'
  | 'no-environments'
  | 'unknown-environment'
  | 'unknown-version'
  | 'nothing-to-deploy'
  | 'gate-not-passed'
  | 'already-serving'
  | StartBar['code']
  | 'rollout-in-progress'
  | 'no-rollout'
  | 'not-held'
  | 'nothing-to-roll-back'
  | ReturnBar['code']
  | 'frozen'
  | 'not-frozen'
  | MuteBar['code']
  | 'not-muted'
  | 'no-dispatch-secret'
  | 'bad-signature'
  | 'stale'
  | 'retrain-manual'
  | 'retrain-cooldown'
  | 'retrain-budget-spent';

export type Ignored = { readonly kind: 'ignore'; readonly code: IgnoreCode; readonly message: string };
export type Refused = {
  readonly kind: 'refuse';
  readonly code: RefuseCode;
  readonly message: string;
  readonly remedy: string;
};

/** What an event leads to. */
export type PlanDecision = PlannedOperation | Ignored | Refused;

/** The event is none of our business. */
export function ignore(code: IgnoreCode, message: string): Ignored {
  return { kind: 'ignore', code, message };
}

/** Asked for, and not given: why, and what to do instead. */
export function refuse(code: RefuseCode, message: string, remedy: string): Refused {
  return { kind: 'refuse', code, message, remedy };
}
