import type { MonitorAction } from './finding.ts';

/** What each action means, in the words that begin a decision. */
export const SAID: Readonly<Record<MonitorAction, string>> = {
  none: 'All is well',
  investigate: 'Needs a look',
  retrain: 'Train again',
  rebuild: 'Build and deploy the package again',
  rollback: 'Return to the previous version',
};
