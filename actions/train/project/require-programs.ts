import { findProgram } from '../../../adapters/programs/find-program.ts';
import type { Config, ProjectEnvironment } from '../../../core/config/config.ts';
import type { CrossProblem } from '../../../core/config/cross-problem.ts';
import { placeProblems } from '../../../core/config/place-problems.ts';
import { atLeastOne, UserError } from '../../../core/errors.ts';
import { REMOTE_PROGRAMS, type Remote } from '../../../core/training/remote.ts';
import type { Plan } from '../../job/handoff.ts';

/** The program that MLflow starts for each manager of environments; `local` takes the runner's Python. */
const MANAGERS: Readonly<Partial<Record<ProjectEnvironment, string>>> = {
  virtualenv: 'pyenv',
  uv: 'uv',
  conda: 'conda',
  docker: 'docker',
};

type Asked = {
  readonly project: Pick<Config['project'], 'environment' | 'remote'>;
  readonly box: Pick<Plan['box'], 'require' | 'remote'>;
  /** Where the runner looks for programs, as PATH lists it. */
  readonly search: string;
};

/**
 * What the project needs beside MLflow has to be on the runner, and allowed, before it is begun. Rejects with a UserError that names what
 * is not. What a remote engine's machines have is found out there.
 */
export function requirePrograms(
  { file, text }: { readonly file: string; readonly text: string },
  { project: { environment, remote }, box, search }: Asked,
): void {
  const isAbsent = (program: string) => findProgram(program, search) === undefined;
  const wrong =
    remote === undefined
      ? [MANAGERS[environment] ?? []].flat().filter(isAbsent).map(managerMissing(environment))
      : [...forbidden(box), ...REMOTE_PROGRAMS[remote.kind].filter(isAbsent).map(engineMissing(remote))];
  if (wrong.length > 0) throw new UserError(atLeastOne(placeProblems(text, file, wrong)));
}

function managerMissing(environment: ProjectEnvironment) {
  return (program: string): CrossProblem => ({
    code: 'environment-manager-missing',
    path: ['project', 'environment'],
    message: `MLflow makes environments of the kind \`${environment}\` by \`${program}\`, which is not on the PATH of this runner.`,
    remedy: `Install \`${program}\` on the gpu-runner, or take another \`project.environment\`: \`uv\` needs no more than uv itself, \`local\` nothing.`,
  });
}

function engineMissing({ kind }: Remote) {
  return (program: string): CrossProblem => ({
    code: 'remote-program-missing',
    path: ['project', 'remote'],
    message: `\`${program}\`, by which ${kind === 'slurm' ? 'Slurm' : 'Ray'} is reached, is not on the PATH of this runner.`,
    remedy:
      kind === 'slurm'
        ? 'Install the client of Slurm on the gpu-runner (Debian: slurm-client), with the slurm.conf and the munge key of the cluster.'
        : 'Install `ray[default]` in the Python of the gpu-runner, in the version of the cluster.',
  });
}

/** Whoever submits a job runs outside of any box of ours: that is the default branch's to allow. */
function forbidden({ require, remote }: Asked['box']): readonly CrossProblem[] {
  const path = ['project', 'remote'];
  if (remote !== true) {
    const message =
      'The default branch has no `project.remote`, and code runs out of its box only where that says so.';
    const remedy = 'Write project.remote in trainyard.yml of the default branch first.';
    return [{ code: 'remote-not-allowed', path, message, remedy }];
  }
  if (!require) return [];
  const message = 'box.require asks for a box of namespaces, and a job at a remote engine is in none.';
  const remedy = 'Leave out project.remote, or set box.require to false on the default branch.';
  return [{ code: 'remote-not-boxed', path, message, remedy }];
}
