import { isInSubmodule } from '../../adapters/git/describe-checkout.ts';
import { readMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import {
  checkProject,
  checkWithoutFile,
  warnOfParameters,
} from '../../core/config/mlproject/check-project.ts';
import { placeProblems } from '../../core/config/place-problems.ts';
import type { About } from './about.ts';

const SUBJECT = 'project';

/** Holds the steps and parameters of the configuration against the MLproject file. */
export async function lookAtProject(
  { folder, file, text, isCheckout }: About,
  { project }: Config,
): Promise<readonly Checked[]> {
  const read = await readMlproject(folder, project.uri);
  if (!read.ok) return errors(SUBJECT, read.error);
  if (read.value === undefined) {
    const isFetched = !(isCheckout && (await isInSubmodule(folder, project.uri)));
    const absent = isFetched ? placeProblems(text, file, checkWithoutFile(project)) : [];
    if (absent.length > 0) return errors(SUBJECT, absent);
    return [
      passedOver(SUBJECT, `There is no MLproject file in ${project.uri} to hold the parameters against.`),
    ];
  }
  const problems = placeProblems(text, file, checkProject(project, read.value));
  if (problems.length > 0) return errors(SUBJECT, problems);
  const given = Object.entries(project.parameters).map(([name, value]) => `${name}=${String(value)}`);
  const undeclared = placeProblems(text, file, warnOfParameters(project, read.value));
  return [
    ...warnings(SUBJECT, undeclared),
    fine(SUBJECT, [`${read.value.file}, ${project.steps.train}`, ...given].join(' ')),
  ];
}
