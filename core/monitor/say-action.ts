import type { MonitorAction } from './finding.ts';

/** What each action means, in the words that begin a decision. */
export const SAID: Readonly<Record<MonitorAction, string>> = {
  none: 'All is well',
  investigate: 'Needs a look',
  retrain: 'Train again',
  rebuild: 'Build and deploy the package again',
  rollback: 'Return to the previous version',
};

/** A decision in those words; what can't be done yet is waited for. */
export function sayDecision({
  action,
  wanted,
}: {
  readonly action: MonitorAction;
  readonly wanted: MonitorAction;
}): string {
  const isWaiting = action === 'none' && wanted !== 'none';
  return isWaiting ? `Waiting: ${SAID[wanted].toLowerCase()}` : SAID[action];
}
