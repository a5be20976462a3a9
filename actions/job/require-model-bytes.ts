import { UserError } from '../../core/errors.ts';
import type { HandedModel } from '../../core/plan/chain/handed-on.ts';
import type { Tracking } from '../../core/ports.ts';

/**
 * Rejects with a UserError unless the bytes that MLflow gives of a model now have the digest that is known of it. This job computes
 * it: whoever may write to MLflow may have changed them since.
 */
export async function requireModelBytes(
  { digestModel }: Pick<Tracking, 'digestModel'>,
  { runId, modelUri, modelDigest }: HandedModel,
): Promise<void> {
  requireBytes({ runId, modelUri, modelDigest }, await digestModel(modelUri));
}

/** The same for a digest that was computed already. */
export function requireBytes({ runId, modelUri, modelDigest }: HandedModel, found: string | undefined): void {
  if (found === modelDigest) return;
  throw new UserError([
    {
      code: 'model-altered',
      message: `${modelUri} of run ${runId} ${found === undefined ? 'is gone from MLflow' : `has the digest ${found} now`}, and was trained with ${modelDigest}.`,
      remedy: 'Someone with write access to MLflow has changed it since: find out who, and train again.',
    },
  ]);
}
