import { optional } from '../../../core/config/optional.ts';
import { TAGS } from '../../../core/names.ts';
import type { TrackingRun } from '../../../core/ports.ts';
import type { TrainPorts, TrainRequest } from '../train-context.ts';

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The request with the commit that its project is at, where that lies in another repository: that of the attempt whose work is gone on with,
 * so that all steps of one training are of one commit, whatever a branch has become meanwhile.
 */
export async function pinProject(
  request: TrainRequest,
  { findProjectCommit, log }: Pick<TrainPorts, 'findProjectCommit' | 'log'>,
  lost: Pick<TrackingRun, 'tags'> | undefined,
): Promise<TrainRequest> {
  const known = lost?.tags[TAGS.projectCommit];
  const commit = known !== undefined && COMMIT.test(known) ? known : await findProjectCommit();
  if (commit === undefined) return request;
  const { uri, version } = request.config.project;
  log.info(`The project ${uri}${version === undefined ? '' : `, ${version},`} is at commit ${commit}.`);
  return { ...request, ...optional('projectCommit', commit) };
}
