import type { Problem } from '../../errors.ts';
import type { LedgerEventData } from '../event.ts';
import type { LedgerState } from '../state.ts';
import { describeColumns } from './describe-columns.ts';

/** The holdout that is judged on now: as the default branch says, its file as judge has read it. */
export type PresentHoldout = {
  readonly declared: LedgerEventData<'holdout.fixed'>;
  /** Whether the file came with the commit; one from elsewhere changes without a word of the default branch. */
  readonly isOfCommit: boolean;
};

/** What the ledger makes of the present holdout: the one it knows, one to be fixed, or none to judge on. */
export type HoldoutDecision =
  | { readonly kind: 'known' }
  | { readonly kind: 'fixed'; readonly data: LedgerEventData<'holdout.fixed'> }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * Whether models may be judged on the present holdout. The first is fixed by its use; another one only by a commit of the default branch
 * that came later, and that says so. It says another file by being what the file is part of, or by a new path or digest; any edit of
 * trainyard.yml says another meaning of the same file.
 */
export function fixHoldout(
  { holdout: fixed }: LedgerState,
  { declared, isOfCommit }: PresentHoldout,
): HoldoutDecision {
  if (fixed === undefined) return { kind: 'fixed', data: declared };
  const isSameFile = fixed.digest === declared.digest;
  const isSameMeaning = describe(fixed) === describe(declared);
  if (isSameFile && isSameMeaning) return { kind: 'known' };
  const by = `commit ${fixed.sha.slice(0, 12)} of the default branch has fixed ${fixed.digest} at ${fixed.path}`;
  if (declared.seen < fixed.seen) {
    return refuse(
      'holdout-superseded',
      `This training was planned before the default branch changed its holdout: ${by} since.`,
      'Start the training again: it is then judged on the present holdout.',
    );
  }
  const isSaid = isSameFile || isOfCommit || fixed.path !== declared.path || isNamed(declared);
  if (isSaid && fixed.sha !== declared.sha) return { kind: 'fixed', data: declared };
  return refuse(
    'holdout-changed',
    `The holdout ${declared.path} (${declared.digest}) is not the one to judge on: ${by}.`,
    `Put that file back; or let the default branch name the new one, by \`data.holdout.digest: ${declared.digest}\` in trainyard.yml.`,
  );
}

/** Whether the default branch has written down the digest of this very file. */
function isNamed({ pinned, digest }: LedgerEventData<'holdout.fixed'>): boolean {
  return pinned === digest;
}

/** All but the file and where it lies: what its columns mean, what is computed of them, and the digest that a person wrote down. */
function describe(holdout: LedgerEventData<'holdout.fixed'>): string {
  const { metrics, pinned } = holdout;
  const sorted = Object.entries(metrics).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([describeColumns(holdout), sorted, pinned]);
}

function refuse(code: string, message: string, remedy: string): HoldoutDecision {
  return { kind: 'refused', problem: { code, message, remedy } };
}
