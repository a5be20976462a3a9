import type { AgentProblem } from '../../core/serving/api.ts';
import { PROBLEM_TITLES, type ProblemStatus } from '../../core/serving/route.ts';

/** Why, and what to do about it. */
type Reason = {
  readonly status: ProblemStatus;
  /** Stable and kebab-case. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
};

/** Why a request is not done, to be returned or thrown: the API answers it as problem details. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: ProblemStatus;
  readonly code: string;
  readonly remedy: string;

  constructor({ status, code, message, remedy }: Reason) {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** What problem details (RFC 9457) are sent as. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A refusal as problem details. */
export function problemOf({ status, code, message, remedy }: Reason): AgentProblem {
  return {
    type: `urn:trainyard:problem:${code}`,
    title: PROBLEM_TITLES[status],
    status,
    detail: message,
    code,
    remedy,
  };
}
