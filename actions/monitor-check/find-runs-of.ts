import type { Training } from '../../core/ledger/state.ts';
import { TAGS } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import type { Monitoring } from './monitor-context.ts';

/** The runs of one step of a training, newest first. Whoever may write to MLflow can have put others among them. */
export function findRunsOf(
  { request, ports }: Monitoring,
  { correlationId }: Pick<Training, 'correlationId'>,
  step: 'train' | 'search',
): Promise<readonly TrackingRun[]> {
  return ports.tracking.findRuns(request.config.tracking.experiment, {
    [TAGS.correlation]: correlationId,
    [TAGS.step]: step,
  });
}
