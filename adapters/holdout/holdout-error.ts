import type { CrossProblem } from '../../core/config/cross-problem.ts';
import { placeProblems } from '../../core/config/place-problems.ts';
import { atLeastOne, UserError } from '../../core/errors.ts';

/** What keeps a holdout from being judged on, each with the key of the configuration that it is about. */
export class HoldoutError extends UserError {
  readonly parts: readonly [CrossProblem, ...CrossProblem[]];

  constructor(parts: readonly [CrossProblem, ...CrossProblem[]], options?: ErrorOptions) {
    super(atLeastOne(parts.map(({ path: _path, ...problem }) => problem)), options);
    this.parts = parts;
  }
}

/** The same error with the lines of `file` that it is about; any other one as it is. */
export function placeHoldoutError(
  thrown: unknown,
  { text, file }: { readonly text: string; readonly file: string },
): unknown {
  if (!(thrown instanceof HoldoutError)) return thrown;
  return new UserError(atLeastOne(placeProblems(text, file, thrown.parts)), { cause: thrown });
}
