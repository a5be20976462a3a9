import { optional } from '../../core/config/optional.ts';
import type { Instant } from '../../core/instant.ts';
import { RUN_ARTIFACTS, SCHEMAS } from '../../core/names.ts';
import { provenanceOf } from './provenance-of.ts';
import type { Done, HashedData, TrainPorts, TrainRequest } from './train-context.ts';

/** Puts into the run's artifacts what its model was made from, by whom and where. */
export async function writeProvenance(
  { plan, config, repository, runUrl, search, projectCommit }: TrainRequest,
  { tracking, clock, writeTemp }: TrainPorts,
  {
    model,
    study,
    data,
    startedAt,
  }: Omit<Done, 'run'> & { readonly data: HashedData; readonly startedAt: Instant },
): Promise<void> {
  const manifest = {
    schema: SCHEMAS.provenance,
    correlationId: plan.correlationId,
    repository,
    sha: plan.sha,
    actor: plan.actor,
    cause: plan.cause,
    workflowRun: runUrl,
    project: {
      ...config.project,
      parameters: { ...config.project.parameters, ...plan.parameters },
      ...optional('commit', projectCommit),
    },
    ...{ runId: model.runId, modelUri: model.modelUri, modelDigest: model.modelDigest, box: model.box },
    data,
    pipeline: plan.production === true ? 'production' : 'training',
    ...(search !== undefined && study !== undefined && { search: provenanceOf(search, study) }),
    startedAt,
    finishedAt: clock.now(),
  };
  const file = await writeTemp('provenance.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
  await tracking.uploadArtifact(model.runId, RUN_ARTIFACTS.provenance, file);
}
