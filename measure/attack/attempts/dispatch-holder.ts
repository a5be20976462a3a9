import type { Attempt } from '../attempt.ts';

/** What somebody tries who holds the dispatch secret of an environment, as each of its hosts does. */
export const DISPATCH_HOLDER: readonly Attempt[] = [
  { id: 'D1', tries: 'speaks for another environment', end: 'stopped', by: 'bad-signature' },
  { id: 'D2', tries: 'asks for twenty trainings at once', end: 'stopped', by: 'retrain-open' },
  { id: 'D3', tries: 'sets what the configuration does not name', end: 'stopped', by: 'unknown-parameter' },
  { id: 'D4', tries: 'ends a rollout by what was said of another', end: 'stopped', by: 'rollout-over' },
  { id: 'D5', tries: 'gives traffic to what never served', end: 'stopped', by: 'never-served' },
];
