import { existsSync } from 'node:fs';
import path from 'node:path';
import { isInSubmodule } from '../../adapters/git/describe-checkout.ts';
import { readMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import type { Config } from '../../core/config/config.ts';
import type { ProjectOnDisk } from '../../core/plan/training/check-training.ts';

/**
 * What the workspace of the plan holds of a project. A holdout that `data.fetch` may bring, that a step of the training may make elsewhere, or
 * that lies in a submodule, is looked for by the jobs that have it: this one fetches none of them.
 */
export async function readDisk(
  workspace: string,
  { project, data }: Pick<Config, 'project' | 'data'>,
): Promise<ProjectOnDisk> {
  const written = data.holdout?.path ?? '';
  const place = path.resolve(workspace, written);
  const isMade = project.steps.etl !== undefined && path.relative(workspace, place).startsWith('..');
  const hasHoldout =
    data.fetch !== undefined || isMade || existsSync(place) || (await isInSubmodule(workspace, written));
  return { project: await readMlproject(workspace, project.uri), hasHoldout };
}
