import { UserError } from '../../core/errors.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';

/** Throws a UserError for predictions of other bytes than were trained, or than serve: MLflow gave something else. */
export function requireSameModel(
  { modelUri, modelDigest }: Pick<HandedModel, 'modelUri' | 'modelDigest'>,
  found: string | undefined,
): void {
  if (found === modelDigest) return;
  throw new UserError([
    {
      code: 'model-altered',
      message: `The predictions of ${modelUri} were made by ${found ?? 'no model'}, not by ${modelDigest}.`,
      remedy: 'Someone with write access to MLflow has changed it since: find out who, and train again.',
    },
  ]);
}
