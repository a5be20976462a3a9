import { TAGS } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { sealOpened } from './find-earlier.ts';
import { type HeldLease, holdLease } from './hold-lease.ts';
import { sourceTags } from './keep-habits.ts';
import { projectTags } from './project/pin-project.ts';
import type { TrainPorts, TrainRequest } from './train-context.ts';

/** The run of a training that this attempt holds, and the run of the lost attempt that it goes on from. */
type Opened = { readonly run: TrackingRun; readonly held: HeldLease; readonly resumes: string | undefined };

/**
 * The run of the training: that of a lost attempt where it has left a checkpoint, so that its history goes on; else a new one. Rejects
 * with a UserError when a later attempt holds it.
 */
export async function openRun(
  request: TrainRequest,
  ports: TrainPorts,
  lost: TrackingRun | undefined,
): Promise<Opened> {
  const { tracking, checkpoints, log } = ports;
  if (lost === undefined) {
    // A folder that runners share may hold what somebody has put there before, or the steps of a run that is gone.
    await checkpoints.empty();
    return createRun(request, ports, undefined);
  }
  const { runId } = lost;
  const held = await holdLease(request, ports, runId);
  try {
    if (await checkpoints.restore(runId)) {
      log.warn(`An earlier job lost the training ${runId}; it goes on from its last checkpoint.`);
      await tracking.endRun(runId, 'RUNNING');
      return { run: { ...lost, status: 'RUNNING' }, held, resumes: runId };
    }
    log.warn(`An earlier job lost the training ${runId}, without a checkpoint; starting it again.`);
    // Its attempt may have ended it while this one waited for its lease.
    const { status } = await tracking.getRun(runId);
    if (status === 'RUNNING') await tracking.endRun(runId, 'KILLED');
  } catch (thrown) {
    // Else it would be renewed for ever, by a job that does nothing.
    await held.release();
    throw thrown;
  }
  // Whoever held it finds the later holder there, and stops.
  await held.release();
  return createRun(request, ports, runId);
}

async function createRun(
  request: TrainRequest,
  ports: TrainPorts,
  resumes: string | undefined,
): Promise<Opened> {
  const { plan, config } = request;
  const { tracking } = ports;
  const run = await tracking.createRun({
    experiment: config.tracking.experiment,
    name: `train ${plan.correlationId}`,
    tags: {
      [TAGS.correlation]: plan.correlationId,
      [TAGS.sha]: plan.sha,
      [TAGS.step]: 'train',
      ...(plan.production === true && { [TAGS.pipeline]: 'production' }),
      ...sourceTags(request, config.project.steps.train),
      ...(resumes !== undefined && { [TAGS.resumes]: resumes }),
    },
  });
  await tracking.setRunTags(run.runId, {
    [TAGS.openedSeal]: sealOpened(request, ports, run.runId),
    ...projectTags(request, ports),
  });
  return { run, held: await holdLease(request, ports, run.runId), resumes };
}
