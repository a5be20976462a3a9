import { optional } from '../../../core/config/optional.ts';
import { TAGS } from '../../../core/names.ts';
import type { TrackingRun } from '../../../core/ports.ts';
import type { TrainPorts, TrainRequest } from '../train-context.ts';

/**
 * The request with the commit that its project is at, where that lies in another repository: that of the attempt whose work is gone on with,
 * so that all steps of one training are of one commit, whatever a branch has become meanwhile. Whoever may write to MLflow may name another
 * there, so it is believed only where an attempt at this training has sealed it.
 */
export async function pinProject(
  request: TrainRequest,
  { findProjectCommit, seal, log }: Pick<TrainPorts, 'findProjectCommit' | 'seal' | 'log'>,
  lost: Pick<TrackingRun, 'tags'> | undefined,
): Promise<TrainRequest> {
  const known = lost?.tags[TAGS.projectCommit];
  const isOwn = known !== undefined && lost?.tags[TAGS.projectSeal] === sealOf(request, known, seal);
  if (known !== undefined && !isOwn) {
    log.warn(
      `The lost run says that its project was at ${known}, and no attempt at this training has sealed that: it is looked up anew.`,
    );
  }
  const commit = isOwn ? known : await findProjectCommit();
  if (commit === undefined) return request;
  const { uri, version } = request.config.project;
  log.info(`The project ${uri}${version === undefined ? '' : `, ${version},`} is at commit ${commit}.`);
  return { ...request, ...optional('projectCommit', commit) };
}

/** The tags by which a later attempt at this training finds the commit of its project again; none where it lies in this repository. */
export function projectTags(
  request: Pick<TrainRequest, 'plan' | 'projectCommit'>,
  { seal }: Pick<TrainPorts, 'seal'>,
): Readonly<Record<string, string>> {
  const { projectCommit } = request;
  if (projectCommit === undefined) return {};
  return { [TAGS.projectCommit]: projectCommit, [TAGS.projectSeal]: sealOf(request, projectCommit, seal) };
}

function sealOf({ plan }: Pick<TrainRequest, 'plan'>, commit: string, seal: TrainPorts['seal']): string {
  return seal(['project', plan.correlationId, plan.sha, commit]);
}
