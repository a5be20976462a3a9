import type { Rollout } from '../../../core/ledger/state.ts';
import { hasMoved, type Journal } from '../journal.ts';

/** Why a rollout is held; `away` are the hosts that do not take part. */
type Holding = {
  readonly code: string;
  readonly explanation: string;
  readonly away: readonly string[];
};

/** Records that a rollout stands still, once per hold. `false` when it is not what it was when that was decided. */
export async function recordHold(
  journal: Journal,
  rollout: Rollout,
  { code, explanation, away }: Holding,
): Promise<boolean> {
  if (rollout.held !== undefined) return true;
  const { environment } = journal;
  const { id, stage } = rollout;
  const data = { rollout: id, environment, code, explanation, ...(away.length > 0 && { away: [...away] }) };
  const entered = await journal.whileOpen(rollout, (open, page) => {
    if (hasMoved(open, rollout)) return 'overtaken';
    if (open.held !== undefined) return [];
    // Hosts may be lost more than once in a stage; the state says whether this loss is on record.
    const parts = code === 'hosts-away' ? [stage, page.now.at] : [stage];
    return [page.entry('rollout.held', data, id, code, ...parts)];
  });
  return entered.kind !== 'overtaken';
}

/** Records that the hosts for want of which it was held are back. `false` as above. */
export async function recordReturn(journal: Journal, rollout: Rollout): Promise<boolean> {
  if (rollout.held?.code !== 'hosts-away') return true;
  const { id } = rollout;
  const data = { rollout: id, environment: journal.environment };
  const entered = await journal.whileOpen(rollout, (open, page) => {
    if (hasMoved(open, rollout)) return 'overtaken';
    if (open.held?.code !== 'hosts-away') return [];
    return [page.entry('rollout.resumed', data, id, 'hosts-back', page.now.at)];
  });
  return entered.kind !== 'overtaken';
}
