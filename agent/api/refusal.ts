import type { ProblemStatus } from '../../core/serving/route.ts';

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
