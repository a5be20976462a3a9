import { isCloned, isElsewhere } from '../../core/config/mlproject/mlproject.ts';
import { messageOf } from '../../core/errors.ts';
import { TAGS } from '../../core/names.ts';
import type { Log, Tracking } from '../../core/ports.ts';
import type { HashedData, TrainRequest } from './train-context.ts';

// What `mlflow run` writes about a run that it opens itself. It is given ours, which it takes as it is.

/** The tags by which MLflow shows where a run comes from: source, commit, entry point and who asked for it. */
export function sourceTags(
  request: Pick<TrainRequest, 'plan' | 'config' | 'repositoryUrl' | 'projectCommit'>,
  entryPoint: string,
): Readonly<Record<string, string>> {
  const { plan, config, repositoryUrl, projectCommit } = request;
  const { uri } = config.project;
  const [address = ''] = uri.split('#');
  const below = uri === '.' ? '' : `#${uri}`;
  return {
    'mlflow.user': plan.actor,
    'mlflow.source.name': isElsewhere(uri) ? uri : `${repositoryUrl}${below}`,
    'mlflow.source.type': 'PROJECT',
    'mlflow.source.git.commit': projectCommit ?? plan.sha,
    'mlflow.source.git.repoURL': isCloned(uri) ? address : repositoryUrl,
    'mlflow.project.entryPoint': entryPoint,
    'mlflow.project.backend': 'local',
    ...(projectCommit !== undefined && { [TAGS.projectCommit]: projectCommit }),
  };
}

type Given = {
  readonly runId: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly data: HashedData;
};

/**
 * Logs the parameters that a run was given and the data that it read, when the script is done: what it has logged itself stays as it has
 * written it, since MLflow refuses another spelling of the same value. It is for readers, so it fails no training.
 */
export async function logGiven(
  { config, plan, repositoryUrl }: Pick<TrainRequest, 'config' | 'plan' | 'repositoryUrl'>,
  { tracking, log }: { readonly tracking: Tracking; readonly log: Pick<Log, 'warn'> },
  { runId, parameters, data }: Given,
): Promise<void> {
  try {
    const { parameters: own } = await tracking.getRun(runId);
    const missing = Object.entries(parameters).filter(([name]) => !Object.hasOwn(own, name));
    await tracking.logParameters(
      runId,
      Object.fromEntries(missing.map(([name, value]) => [name, String(value)])),
    );
    const { inputs } = config.data;
    if (inputs.length === 0) return;
    const source = { uri: repositoryUrl, commit: plan.sha, paths: inputs };
    await tracking.logDataset(runId, { name: inputs.join(' '), digest: data.digest, source });
  } catch (thrown) {
    log.warn(`Parameters and data of the run could not be shown in MLflow: ${messageOf(thrown)}`);
  }
}
