import type { Config } from '../../config/config.ts';
import { checkParameters } from '../../config/mlproject/check-parameters.ts';
import { checkProject } from '../../config/mlproject/check-project.ts';
import { findEntryPoint, type Mlproject } from '../../config/mlproject/mlproject.ts';
import { placeProblems } from '../../config/place-problems.ts';
import type { Problem } from '../../errors.ts';
import type { Result } from '../../result.ts';
import { type PlanDecision, refuse } from '../decision.ts';
import type { PlannedOperation } from '../hand-over.ts';
import { unknownParameter } from '../read-parameters.ts';
import { withoutSearchParameters } from './without-search-parameters.ts';

/** What the workspace of the default branch holds of a project. */
export type ProjectOnDisk = {
  /** Its MLproject file, where it has one. */
  readonly project: Result<Mlproject | undefined, readonly Problem[]>;
  /** Whether the holdout is where it will be read. */
  readonly hasHoldout: boolean;
};

/** What a commit that would be trained says of its project. */
export type TrainedProject = {
  readonly sha: string;
  /** Its `trainyard.yml`. */
  readonly file: string;
  readonly text: string;
  readonly settings: Config['project'];
  /** Its MLproject file, where it has one. */
  readonly mlproject: ProjectOnDisk['project'];
};

/** Whether an operation runs the code of its commit. */
export function trains({ operation }: PlannedOperation): boolean {
  return operation === 'train' || operation === 'tune';
}

/**
 * Refuses a training whose parameters, as they were given in the request, the project of its commit would not take. What is known of another
 * commit says nothing of this one.
 */
export function refuseParameters(decision: PlanDecision, trained: TrainedProject | undefined): PlanDecision {
  if (decision.kind !== 'operation' || !trains(decision) || decision.sha !== trained?.sha) return decision;
  const { mlproject, settings } = trained;
  if (!mlproject.ok || mlproject.value === undefined) return decision;
  const name = settings.steps.train;
  const entry = findEntryPoint(mlproject.value, name);
  if (entry === undefined) return decision;
  const values = withoutSearchParameters(decision, { project: settings });
  const known = { ...entry.parameters, ...settings.parameters };
  const stranger = Object.keys(values).find((key) => !Object.hasOwn(known, key));
  if (stranger !== undefined) return unknownParameter(stranger, Object.keys(known));
  // What the configuration has wrong is told at its lines.
  const [bad] = checkParameters(mlproject.value, name, { entry, values }).filter(
    ({ code }) => code === 'bad-parameter',
  );
  return bad === undefined ? decision : refuse('bad-parameter', bad.message, bad.remedy);
}

/** What is wrong with the project of the commit that is trained, at the lines of its own configuration. */
export function findProjectProblems(
  operation: PlannedOperation,
  trained: TrainedProject | undefined,
): readonly Problem[] {
  if (!trains(operation) || operation.sha !== trained?.sha) return [];
  const { mlproject, settings, file, text } = trained;
  if (!mlproject.ok) return mlproject.error;
  if (mlproject.value === undefined) return [];
  const given = withoutSearchParameters(operation, { project: settings });
  const asked = { ...settings, parameters: { ...settings.parameters, ...given } };
  return placeProblems(text, file, checkProject(asked, mlproject.value));
}

/** What is wrong with the data of the default branch, at the lines of its configuration, when that branch is what is trained. */
export function findHoldoutProblems(
  operation: PlannedOperation,
  {
    sha,
    config,
    policy,
    disk,
  }: {
    readonly sha: string;
    readonly config: Config;
    readonly policy: { readonly file: string; readonly text: string };
    readonly disk: Pick<ProjectOnDisk, 'hasHoldout'>;
  },
): readonly Problem[] {
  const { holdout } = config.data;
  if (!trains(operation) || operation.sha !== sha || holdout === undefined || disk.hasHoldout) return [];
  return placeProblems(policy.text, policy.file, [noHoldoutThere(holdout.path)]);
}

function noHoldoutThere(path: string) {
  return {
    code: 'holdout-missing',
    path: ['data', 'holdout', 'path'],
    message: `${path} is not there, so nothing that is trained could be judged.`,
    remedy:
      'Every job works on a fresh clone: commit the file, name in data.fetch the command that brings it (dvc pull, aws s3 cp), or name a place outside of the clone that all runners have.',
  };
}
