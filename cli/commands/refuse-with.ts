import { UserError } from '../../core/errors.ts';
import type { Refused } from '../../core/plan/decision.ts';

/** What a comment would be refused with, for a terminal. */
export function refuseWith({ code, message, remedy }: Refused): UserError {
  return new UserError([{ code, message, remedy }]);
}
