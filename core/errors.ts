/** Where a problem lies: a place in a user's file, or an endpoint that was called. */
export type Where =
  | { readonly kind: 'file'; readonly file: string; readonly line?: number; readonly column?: number }
  | { readonly kind: 'endpoint'; readonly endpoint: string };

/** One thing that is wrong, what to do about it, and where. `code` is stable and kebab-case. */
export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly where?: Where;
};

/** Problems that something was refused for, the first of them known to be there. Throws a TypeError where there is none. */
export function atLeastOne([first, ...rest]: readonly Problem[]): readonly [Problem, ...Problem[]] {
  if (first === undefined) throw new TypeError('Something was refused without a reason.');
  return [first, ...rest];
}

/** The user's to mend (configuration, data, permission): reported with its remedies and no stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** A service we depend on did not answer as it should, after bounded retries. Names the endpoint and the next step. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly problem: Problem & { readonly where: Where };

  constructor(problem: Problem & { readonly where: Where }, options?: ErrorOptions) {
    super(formatProblem(problem), options);
    this.problem = problem;
  }
}

/** The code of a service that could not be reached at all: refused, cut off, or silent until the time was up. */
export const UNREACHABLE = 'service-unreachable';

/** The code of a service that was reached and failed, after bounded retries. */
export const UNAVAILABLE = 'service-unavailable';

/** The code of a service that was reached and does not let whoever asks. */
export const REFUSED = 'service-refused';

/** Whether the service could not be reached. One that answered, if only to refuse, was. */
export function isUnreachable(thrown: unknown): thrown is ServiceError {
  return thrown instanceof ServiceError && thrown.problem.code === UNREACHABLE;
}

/** The code of a ledger whose git host did not answer. */
export const LEDGER_UNREACHABLE = 'ledger-unreachable';

type LedgerUnreachable = ServiceError & { readonly problem: { readonly code: typeof LEDGER_UNREACHABLE } };

/** Whether the ledger could be neither read nor written for want of its git host: it may be back at the next try. */
export function isLedgerUnreachable(thrown: unknown): thrown is LedgerUnreachable {
  return thrown instanceof ServiceError && thrown.problem.code === LEDGER_UNREACHABLE;
}

/** `file:line:column: message. Remedy.`, the form editors and people can follow. */
export function formatProblem(problem: Problem): string {
  const place = problem.where === undefined ? '' : `${formatWhere(problem.where)}: `;
  return `${place}${problem.message} ${problem.remedy}`;
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function formatWhere(where: Where): string {
  if (where.kind === 'endpoint') return where.endpoint;
  const { file, line, column } = where;
  return [file, line, column].filter((part) => part !== undefined).join(':');
}
