import { type LedgerState, lookUp } from '../../ledger/state.ts';
import type { HandOverContext, PlannedOperation } from '../hand-over.ts';
import { listSearches } from '../training/find-search.ts';
import { trainedModelSchema } from './handed-on.ts';

/** What the ledger knows of the training that an operation asks for; of another commit's it says nothing. */
export function findTraining(
  state: LedgerState,
  { operation, correlationId, sha }: PlannedOperation,
): Pick<HandOverContext, 'nonce' | 'trained' | 'searched' | 'searches'> {
  if (operation !== 'train' && operation !== 'tune') return {};
  const searches = operation === 'train' ? listSearches(state) : [];
  const known = searches.length > 0 ? { searches } : {};
  const training = lookUp(state.trainings, correlationId);
  if (training === undefined || training.sha !== sha) return known;
  const { nonce, status, search } = training;
  const trained = trainedModelSchema.safeParse(training);
  return {
    ...known,
    ...(nonce !== undefined && { nonce }),
    ...(search !== undefined && { searched: search }),
    ...(status === 'finished' && trained.success && { trained: trained.data }),
  };
}
