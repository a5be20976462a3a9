import { readMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import type { Config } from '../../core/config/config.ts';
import { checkProject } from '../../core/config/mlproject/check-project.ts';
import { placeProblems } from '../../core/config/place-problems.ts';
import { atLeastOne, UserError } from '../../core/errors.ts';

/** The configuration as it is written, and its file. */
type Written = { readonly file: string; readonly text: string };

/** Rejects with a UserError when the MLproject file of the commit has not the entry points and parameters that it would be run with. */
export async function requireProject(
  workspace: string,
  { file, text }: Written,
  project: Config['project'],
): Promise<void> {
  const read = await readMlproject(workspace, project.uri);
  if (!read.ok) throw new UserError(atLeastOne(read.error));
  if (read.value === undefined) return;
  const problems = placeProblems(text, file, checkProject(project, read.value));
  if (problems.length > 0) throw new UserError(atLeastOne(problems));
}
