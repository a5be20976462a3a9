import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { Rollout } from '../../../core/ledger/state.ts';
import { type AwayHost, awayData } from '../hosts/fleet.ts';
import type { Page } from '../journal.ts';

/** A version that gives way to the stable one, and why. */
type TakenBack = {
  readonly environment: string;
  readonly rollout: Pick<Rollout, 'id' | 'version' | 'stable'>;
  readonly code: string;
  readonly explanation: string;
  readonly away: readonly AwayHost[];
};

/** The events by which a version is taken back. */
export function proposeRollBack(
  page: Page,
  { environment, rollout, code, explanation, away }: TakenBack,
): readonly LedgerEvent[] {
  const { id, version, stable } = rollout;
  const data = {
    ...{ rollout: id, environment, version, code, explanation },
    ...(stable !== undefined && { stable }),
    ...awayData(away),
  };
  return [page.entry('rollout.rolled-back', data, id), ...page.returnLock(id)];
}
