import { type LedgerState, lookUp } from '../../ledger/state.ts';
import type { HandOverContext, PlannedOperation } from '../hand-over.ts';
import { trainedModelSchema } from './handed-on.ts';

/** What the ledger knows of the training that an operation asks for; of another commit's it says nothing. */
export function findTraining(
  state: LedgerState,
  { operation, correlationId, sha }: PlannedOperation,
): Pick<HandOverContext, 'nonce' | 'trained' | 'searched'> {
  if (operation !== 'train' && operation !== 'tune') return {};
  const training = lookUp(state.trainings, correlationId);
  if (training === undefined || training.sha !== sha) return {};
  const { nonce, status, search } = training;
  const trained = trainedModelSchema.safeParse(training);
  return {
    ...(nonce !== undefined && { nonce }),
    ...(search !== undefined && { searched: search }),
    ...(status === 'finished' && trained.success && { trained: trained.data }),
  };
}
