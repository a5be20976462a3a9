import type { Attempt } from './attempt.ts';
import { PULL_REQUEST } from './attempts/pull-request.ts';

/** Who attacks, and all that each of them tries. */
export const ATTACKERS: readonly (readonly [who: string, attempts: readonly Attempt[]])[] = [
  ['The author of a pull request', PULL_REQUEST],
];
