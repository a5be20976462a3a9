import type { z } from 'zod';
import { lookUp, openTrainings } from '../../ledger/state.ts';
import type { resumptionSchema } from '../../serving/dispatch-payload.ts';
import { MOST_ROUNDS } from '../../training/lease.ts';
import { type Ignored, ignore } from '../decision.ts';
import type { PlannedOperation } from '../hand-over.ts';
import type { PlanInput } from '../plan-input.ts';

/**
 * A lost training once more, as it was asked for: same commit, parameters and cause. The round is what a job takes it over by, so that of
 * two reports, or two jobs, one begins it.
 */
export function planResumption(
  { resume, round }: z.infer<typeof resumptionSchema>,
  { state, attempt, runId }: Pick<PlanInput, 'state' | 'attempt' | 'runId'>,
): PlannedOperation | Ignored {
  const training = lookUp(state.trainings, resume);
  if (training === undefined || !openTrainings(state).includes(training)) {
    return ignore('training-over', `The training ${resume} is over, or nobody has asked for it.`);
  }
  const known = training.resumed?.round ?? 0;
  // Only who runs the job again that has taken it up may find its own round: a run that was ignored, run again, would take the training from
  // that job, or hold it under the same number.
  const isOwn = round === known && attempt > 1 && training.resumed?.run === runId;
  const isNext = round === known + 1 || isOwn;
  if (!isNext || round > MOST_ROUNDS) {
    return ignore('replayed', `The training ${resume} was taken up again already.`);
  }
  const { operation, sha, parameters, pullRequest, reason, next, production, environment } = training;
  const { correlationId, cause, actor } = training;
  return {
    kind: 'operation',
    ...{ operation, sha, parameters, correlationId, cause, actor, round, dryRun: false },
    ...(pullRequest !== undefined && { pullRequest, thread: pullRequest }),
    ...(reason !== undefined && { reason }),
    ...(next !== undefined && { next }),
    ...(production !== undefined && { production }),
    ...(environment !== undefined && { environment }),
  };
}
