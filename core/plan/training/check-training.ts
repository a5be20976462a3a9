import type { Config } from '../../config/config.ts';
import { checkParameters } from '../../config/mlproject/check-parameters.ts';
import { checkProject } from '../../config/mlproject/check-project.ts';
import { findEntryPoint, type Mlproject } from '../../config/mlproject/mlproject.ts';
import { placeProblems } from '../../config/place-problems.ts';
import type { Problem } from '../../errors.ts';
import type { Result } from '../../result.ts';
import { type PlanDecision, refuse } from '../decision.ts';
import type { PlannedOperation } from '../hand-over.ts';

/** What the workspace of the default branch holds of a project. */
export type ProjectOnDisk = {
  /** Its MLproject file, where it has one. */
  readonly project: Result<Mlproject | undefined, readonly Problem[]>;
  /** Whether the holdout is where it will be read. */
  readonly hasHoldout: boolean;
};

/**
 * Refuses a training of the commit at hand whose parameters, as they were given in the request, its MLproject file would not take. Another
 * commit may declare others, which its own training looks at.
 */
export function refuseParameters(
  decision: PlanDecision,
  { steps }: Config['project'],
  { sha, disk: { project } }: { readonly sha: string; readonly disk: ProjectOnDisk },
): PlanDecision {
  if (decision.kind !== 'operation' || !trains(decision) || decision.sha !== sha) return decision;
  if (!project.ok || project.value === undefined) return decision;
  const entry = findEntryPoint(project.value, steps.train);
  if (entry === undefined) return decision;
  // What the configuration has wrong is told at its lines.
  const [bad] = checkParameters(project.value, steps.train, { entry, values: decision.parameters }).filter(
    ({ code }) => code === 'bad-parameter',
  );
  return bad === undefined ? decision : refuse('bad-parameter', bad.message, bad.remedy);
}

/** What is wrong with the default branch's own project and data, at the lines of its configuration, when they are what is trained. */
export function findTrainingProblems(
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
    readonly disk: ProjectOnDisk;
  },
): readonly Problem[] {
  if (!trains(operation) || operation.sha !== sha) return [];
  const { project, hasHoldout } = disk;
  if (!project.ok) return project.error;
  const known = project.value === undefined ? [] : checkProject(config.project, project.value);
  const { holdout } = config.data;
  const absent = holdout === undefined || hasHoldout ? [] : [noHoldoutThere(holdout.path)];
  return placeProblems(policy.text, policy.file, [...known, ...absent]);
}

function trains({ operation }: PlannedOperation): boolean {
  return operation === 'train' || operation === 'tune';
}

function noHoldoutThere(path: string) {
  return {
    code: 'holdout-missing',
    path: ['data', 'holdout', 'path'],
    message: `${path} is not there, so nothing that is trained could be judged.`,
    remedy:
      'Every job works on a fresh clone: commit the file, or name a place outside of the clone that all runners have.',
  };
}
