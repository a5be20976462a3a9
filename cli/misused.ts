import { UserError } from '../core/errors.ts';

/** A command line that means nothing, and how it is written. */
export function misused(message: string, remedy: string): UserError {
  return new UserError([{ code: 'usage', message, remedy }]);
}
