import { UserError } from '../../core/errors.ts';
import { type LedgerState, lookUp } from '../../core/ledger/state.ts';
import type { Tracking } from '../../core/ports.ts';
import type { Plan, Trained } from '../job/handoff.ts';
import { requireModelBytes } from '../job/require-model-bytes.ts';

/**
 * Rejects with a UserError unless the model at hand is this training's, by its own job and by the ledger, and its bytes in MLflow are
 * those that were trained.
 */
export async function requireTrainedModel(
  { correlationId }: Pick<Plan, 'correlationId'>,
  training: Trained,
  { state, tracking }: { readonly state: LedgerState; readonly tracking: Pick<Tracking, 'digestModel'> },
): Promise<void> {
  const { runId, modelUri, modelDigest } = training;
  const others = Object.values(state.trainings).find(
    (known) => known.runId === runId && known.correlationId !== correlationId,
  );
  if (others !== undefined) throw notOfThis(runId, `it is the training ${others.correlationId}`);
  const known = lookUp(state.trainings, correlationId);
  const isOther = known?.runId === runId && known.modelDigest !== undefined;
  if (isOther && (known.modelDigest !== modelDigest || known.modelUri !== modelUri)) {
    throw notOfThis(runId, `it made ${known.modelUri ?? 'a model'} with the digest ${known.modelDigest}`);
  }
  await requireModelBytes(tracking, training);
}

function notOfThis(runId: string, recorded: string): UserError {
  return new UserError([
    {
      code: 'training-differs',
      message: `Run ${runId} is not what the train job says of it: by the ledger ${recorded}.`,
      remedy:
        'Train again. If it happens again, look at what the training script writes to the outputs of its job.',
    },
  ]);
}
