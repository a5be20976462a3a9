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
  readonly box: Pick<Plan['box'], 'require' | 'remote' | 'docker'>;
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
      ? [
          ...(environment === 'docker' ? forbidden(DOCKER, box.docker, box.require) : []),
          ...[MANAGERS[environment] ?? []].flat().filter(isAbsent).map(managerMissing(environment)),
        ]
      : [
          ...forbidden(REMOTE, box.remote === true, box.require),
          ...REMOTE_PROGRAMS[remote.kind].filter(isAbsent).map(engineMissing(remote)),
        ];
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

/** A way out of the box of trainings, as trainyard.yml says it. */
type WayOut = {
  readonly code: 'docker' | 'remote';
  readonly path: readonly string[];
  /** How the default branch would allow it. */
  readonly written: string;
  /** Where the code runs by it. */
  readonly place: string;
};

const DOCKER: WayOut = {
  code: 'docker',
  path: ['project', 'environment'],
  written: 'project.environment: docker',
  place: 'a job that reaches the Docker Engine',
};
const REMOTE: WayOut = {
  code: 'remote',
  path: ['project', 'remote'],
  written: 'project.remote',
  place: 'a job at a remote engine',
};

/** Whoever takes one runs outside of any box of ours: that is the default branch's to allow. */
function forbidden(
  { code, path, written, place }: WayOut,
  isAllowed: boolean,
  isBoxRequired: boolean,
): readonly CrossProblem[] {
  if (!isAllowed) {
    const message = `The default branch has no \`${written}\`, and code runs out of its box only where that says so.`;
    const remedy = `Write ${written} in trainyard.yml of the default branch first.`;
    return [{ code: `${code}-not-allowed`, path, message, remedy }];
  }
  if (!isBoxRequired) return [];
  const message = `box.require asks for a box of namespaces, and ${place} is in none.`;
  const remedy = `Leave out ${written}, or set box.require to false on the default branch.`;
  return [{ code: `${code}-not-boxed`, path, message, remedy }];
}
