import { LEDGER_UNREACHABLE, type Problem, ServiceError, UserError } from '../../core/errors.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { withoutCredentials } from './credentials.ts';
import type { GitFailure } from './failure.ts';

/** The remote turned us down: who must act, and where. */
export function refused(remote: string, cause: GitFailure): UserError {
  const denied = {
    code: 'ledger-denied',
    message: `The ledger's remote refuses us: ${cause.message}.`,
    remedy: `Give the job \`permissions: contents: write\`, and let it push to the branch ${LEDGER_BRANCH}.`,
  };
  const notFound = {
    code: 'ledger-remote-not-found',
    message: `The ledger's remote is not there: ${cause.message}.`,
    remedy: 'Check the address of the repository, and that the token may read it.',
  };
  const problem = cause.kind === 'denied' ? denied : notFound;
  return new UserError([{ ...problem, where: endpoint(remote) }], { cause });
}

/** The remote did not answer, so many times. */
export function unreachable(remote: string, cause: GitFailure, tries: number): ServiceError {
  return new ServiceError(
    {
      code: LEDGER_UNREACHABLE,
      message: `The ledger can't be reached: ${cause.message} (${tries} tries).`,
      remedy: 'Check that this machine reaches the git host, then run the job again: nothing is done twice.',
      where: endpoint(remote),
    },
    { cause },
  );
}

/** Others were faster, so many times in a row. */
export function busy(remote: string, races: number): Problem {
  return {
    code: 'ledger-busy',
    message: `Other jobs wrote to the ledger first, ${races} times in a row.`,
    remedy: 'Run the job again; if this repeats, look for a job that writes without end.',
    where: endpoint(remote),
  };
}

/** The remote as the place of a problem. */
export function endpoint(remote: string): { readonly kind: 'endpoint'; readonly endpoint: string } {
  return { kind: 'endpoint', endpoint: withoutCredentials(remote) };
}
