import { readMlproject } from '../../../adapters/mlflow/read-mlproject.ts';
import type { Config, Scalar } from '../../../core/config/config.ts';
import { checkProject, checkWithoutFile } from '../../../core/config/mlproject/check-project.ts';
import { checkVariables } from '../../../core/config/mlproject/check-variables.ts';
import { findEntryPoint } from '../../../core/config/mlproject/mlproject.ts';
import { placeProblems } from '../../../core/config/place-problems.ts';
import { atLeastOne, UserError } from '../../../core/errors.ts';

/** The configuration as it is written, its file, and the job's environment. */
type Written = {
  readonly file: string;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/**
 * What the MLproject file of the commit takes for parameters of the training that are not given. Rejects with a UserError when it has not
 * the entry points and parameters that it would be run with.
 */
export async function requireProject(
  workspace: string,
  { file, text, env }: Written,
  { project, tracking }: Pick<Config, 'project' | 'tracking'>,
): Promise<Readonly<Record<string, Scalar>>> {
  const read = await readMlproject(workspace, project.uri);
  if (!read.ok) throw new UserError(atLeastOne(read.error));
  const values = { env, trackingUri: tracking.uri };
  const wrong =
    read.value === undefined
      ? checkWithoutFile(project)
      : [...checkProject(project, read.value), ...checkVariables(project, read.value, values)];
  if (wrong.length > 0) throw new UserError(atLeastOne(placeProblems(text, file, wrong)));
  if (read.value === undefined) return {};
  const declared = Object.entries(findEntryPoint(read.value, project.steps.train)?.parameters ?? {});
  return Object.fromEntries(
    declared.flatMap(([name, { default: usual }]) => (usual === undefined ? [] : [[name, usual]])),
  );
}
