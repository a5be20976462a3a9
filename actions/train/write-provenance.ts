import type { Instant } from '../../core/instant.ts';
import { RUN_ARTIFACTS, SCHEMAS } from '../../core/names.ts';
import type { TrainedModel } from '../../core/plan/chain/handed-on.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { provenanceOf } from './provenance-of.ts';
import type { HashedData, TrainPorts, TrainRequest } from './train-context.ts';

/** A training that has ended well: its run, and its model as it left it. */
export type Done = { readonly run: TrackingRun; readonly model: TrainedModel };

/** Puts into the run's artifacts what its model was made from, by whom and where. */
export async function writeProvenance(
  { plan, config, repository, runUrl, search }: TrainRequest,
  { tracking, clock, writeTemp }: TrainPorts,
  { model, data, startedAt }: Done & { readonly data: HashedData; readonly startedAt: Instant },
): Promise<void> {
  const manifest = {
    schema: SCHEMAS.provenance,
    correlationId: plan.correlationId,
    repository,
    sha: plan.sha,
    actor: plan.actor,
    cause: plan.cause,
    workflowRun: runUrl,
    project: { ...config.project, parameters: { ...config.project.parameters, ...plan.parameters } },
    ...{ runId: model.runId, modelUri: model.modelUri, modelDigest: model.modelDigest, box: model.box },
    data,
    ...(search !== undefined && { search: provenanceOf(search, data) }),
    startedAt,
    finishedAt: clock.now(),
  };
  const file = await writeTemp('provenance.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
  await tracking.uploadArtifact(model.runId, RUN_ARTIFACTS.provenance, file);
}
