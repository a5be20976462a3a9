import { LEDGER_UNREACHABLE, type Problem, ServiceError, UserError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { withoutCredentials } from './credentials.ts';
import type { GitFailure } from './failure.ts';

/** The remote turned us down: who must act, and where. `workedUntil` is when the same command was last obeyed here, if ever. */
export function refused(remote: string, cause: GitFailure, workedUntil: Instant | undefined): UserError {
  return new UserError([{ ...refusal(cause, workedUntil), where: endpoint(remote) }], { cause });
}

function refusal({ kind, message }: GitFailure, workedUntil: Instant | undefined): Problem {
  if (kind === 'not-found') {
    return {
      code: 'ledger-remote-not-found',
      message: `The ledger's remote is not there: ${message}.`,
      remedy: 'Check the address of the repository, and that the token may read it.',
    };
  }
  if (kind === 'rule') {
    return {
      code: 'ledger-denied',
      message: `A rule of the repository keeps us from writing the ledger: ${message}.`,
      remedy: `Exempt the branch ${LEDGER_BRANCH} from that rule, or let the workflow's token bypass it (Settings, Rules).`,
    };
  }
  if (kind === 'unauthorised' && workedUntil !== undefined) {
    return {
      code: 'ledger-token-expired',
      message: `The token for the ledger was good until ${workedUntil} at least, and is refused now: ${message}.`,
      remedy:
        "A job's token lives 24 hours at most. Run the job again, which goes on where this one ended; for stages that take longer, set `detach: true`: the job leaves after each stage and is entered again.",
    };
  }
  return {
    code: 'ledger-denied',
    message: `The ledger's remote refuses us: ${message}.`,
    remedy: `Give the job \`permissions: contents: write\`, and let it push to the branch ${LEDGER_BRANCH}.`,
  };
}

/** Git failed in a way that nobody has described. */
export function failed(remote: string, cause: GitFailure, tries: number): ServiceError {
  return new ServiceError(
    {
      code: 'ledger-failed',
      message: `Git could not work on the ledger, for a reason that Trainyard does not know: ${cause.message} (${tries} tries).`,
      remedy:
        "These are git's own words: look them up with the git host, then run the job again: nothing is done twice.",
      where: endpoint(remote),
    },
    { cause },
  );
}

/** Branches below the ledger's own name: git has no room for both. */
export function branchInTheWay(remote: string, branches: readonly string[]): Problem {
  return {
    code: 'ledger-branch-taken',
    message: `The ledger's branch ${LEDGER_BRANCH} can't be made while there is ${branches.join(', ')}: git keeps no branch inside another.`,
    remedy: `Rename or delete ${branches.join(', ')}, then run the job again.`,
    where: endpoint(remote),
  };
}

/** The newest commit has two parents: one of them was put in beside the ledger's own. */
export function mergedHead(remote: string, commit: string): Problem {
  return {
    code: 'ledger-merge',
    message: `The newest commit ${commit} of the branch ${LEDGER_BRANCH} is a merge. The ledger is only ever appended to: a merge can replace what it held.`,
    remedy: `Nothing is believed or written. Compare its parents (\`git log --graph ${LEDGER_BRANCH}\`), and put the branch back to the true one: \`git push origin +<commit>:refs/heads/${LEDGER_BRANCH}\`.`,
    where: endpoint(remote),
  };
}

/** The ledger is signed, and this job can't sign: `flaws` say why, where it has a key. */
export function keyMissing(remote: string, flaws: readonly Problem[]): Problem {
  const [flaw] = flaws;
  return {
    code: 'ledger-key-missing',
    message: `The lines of this ledger are signed since its first signature, and this job can't sign: ${flaw?.message ?? 'it was given no signing key.'}`,
    remedy: `Nothing was written: a line without a signature would look forged. ${flaw?.remedy ?? 'Hand the secret `signing-key` to the workflow that is called, in every caller workflow.'} Then run the job again. What takes back needs no key.`,
    where: endpoint(remote),
  };
}

/** What a person has to know where what takes back goes by something else than the newest commit says. */
export function describeStandIn(kind: 'earlier' | 'unproven', commit: string, problem: Problem): string {
  const place = problem.where?.kind === 'file' ? ` (${problem.where.file}:${problem.where.line ?? 1})` : '';
  const instead =
    kind === 'earlier'
      ? `What it said at commit ${commit}, the newest that can be used, counts for what takes back.`
      : 'What takes back goes by its lines all the same, and is recorded without a signature.';
  return `The ledger can't be used as it stands: ${problem.message}${place} ${instead} ${problem.remedy}`;
}

/** An event that took effect and could not be written. */
export function describeWaiting({ id, kind }: LedgerEvent): string {
  return `\`${kind}\` (${JSON.stringify(id)}) is not on record: the ledger is damaged, and nothing is written behind that. It holds until the ledger is mended, for nothing raises traffic before; say it again then.`;
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
