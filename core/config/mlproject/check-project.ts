import { didYouMean } from '../../did-you-mean.ts';
import type { Config } from '../config.ts';
import type { CrossProblem } from '../cross-problem.ts';
import { checkParameters, findUndeclared, takesText } from './check-parameters.ts';
import { findShellSign } from './find-shell-sign.ts';
import { findEntryPoint, isElsewhere, type Mlproject } from './mlproject.ts';

/** What starts the processes of a training of PyTorch's. */
const TORCHRUN = /^\s*(?:torchrun|python3?\s+-m\s+torch\.distributed\.run)\s/;
/** What MLflow runs by its name alone, without an entry point. */
const SCRIPT = /\.(?:py|sh|R)$/;

/** Whether a step is a script, which MLflow runs without an MLproject file. */
export function isScript(step: string): boolean {
  return SCRIPT.test(step);
}

type Step = {
  /** The key of `project.steps`. */
  readonly key: 'etl' | 'train';
  readonly name: string;
  readonly values: Config['project']['parameters'];
};

/** What can't be run by its name alone, in a project of this repository without an MLproject file. */
export function checkWithoutFile({ uri, steps }: Config['project']): readonly CrossProblem[] {
  if (isElsewhere(uri)) return [];
  const named = [steps.etl, steps.train].filter((name) => name !== undefined && !isScript(name));
  if (named.length === 0) return [];
  return [
    {
      code: 'missing-mlproject',
      path: ['project', 'uri'],
      message: `There is no MLproject file in ${uri}, and ${named.map((name) => `\`${name}\``).join(' and ')} can't be run without one.`,
      remedy:
        'Correct project.uri, or write the file there: `entry_points: { main: { command: "python train.py" } }`. A script needs none: name it in project.steps.train.',
    },
  ];
}

/** What the MLproject file says of the steps of trainyard.yml that can't be: entry points it has not, parameters it would not take. */
export function checkProject(
  { steps, parameters, processes, environment }: Config['project'],
  project: Mlproject,
): readonly CrossProblem[] {
  const etl = steps.etl === undefined ? [] : [{ key: 'etl' as const, name: steps.etl, values: {} }];
  const train = { key: 'train' as const, name: steps.train, values: parameters };
  const spread = processes === undefined ? [] : checkProcesses(steps.train, project);
  const contained =
    environment === 'docker' ? [...etl, train].flatMap((step) => checkContained(step, project)) : [];
  return [...[...etl, train].flatMap((step) => checkStep(step, project)), ...contained, ...spread];
}

/** MLflow puts the command behind `docker run …` and has a shell of the job's read the line: what that takes for itself misses the container. */
function checkContained({ key, name }: Step, project: Mlproject): readonly CrossProblem[] {
  const entry = findEntryPoint(project, name);
  const isText = (parameter: string) => takesText(entry?.parameters[parameter]?.type ?? 'string');
  const sign = findShellSign((entry?.command ?? '').trim(), isText);
  if (sign === undefined) return [];
  return [
    {
      code: 'command-outside-container',
      path: ['project', 'steps', key],
      message: `A shell outside of the container reads the command of \`${name}\` in ${project.file}, and would not hand on ${JSON.stringify(sign)} as it stands.`,
      remedy:
        "Put the command into a script of the project and name that, or write `bash -c '…'` around it, with no text parameter between the quotes.",
    },
  ];
}

/** As many processes as are asked for come of torchrun alone; without it a training would run in one, and nobody would notice. */
function checkProcesses(train: string, project: Mlproject): readonly CrossProblem[] {
  const entry = findEntryPoint(project, train);
  // An entry point that is not there is told as that.
  if (entry === undefined && !isScript(train)) return [];
  if (TORCHRUN.test(entry?.command ?? '')) return [];
  return [
    {
      code: 'processes-without-torchrun',
      path: ['project', 'processes'],
      message: `\`${train}\` of ${project.file} does not start with torchrun, so that it would run in one process.`,
      remedy:
        'Write `command: "torchrun train.py …"` there, without --nproc-per-node, or leave `processes` out.',
    },
  ];
}

/** Parameters of the training that MLproject does not declare, and that its command is given all the same. */
export function warnOfParameters(
  { steps, parameters: values }: Config['project'],
  project: Mlproject,
): readonly CrossProblem[] {
  const entry = findEntryPoint(project, steps.train);
  if (entry === undefined) return [];
  return findUndeclared({ entry, values }).map((name) => ({
    code: 'undeclared-project-parameter',
    path: ['project', 'parameters', name],
    message: `${project.file} does not declare \`${name}\`: MLflow adds \`--${name} …\` to the command.`,
    remedy: 'Declare it there if the program does not take it so.',
  }));
}

function checkStep({ key, name, values }: Step, project: Mlproject): readonly CrossProblem[] {
  // A name that is still to be filled in says nothing.
  if (name.includes('${')) return [];
  const entry = findEntryPoint(project, name);
  if (entry === undefined) return isScript(name) ? [] : [noEntryPoint(key, name, project)];
  return checkParameters(project, name, { entry, values }).map(({ name: parameter, ...problem }) => ({
    ...problem,
    path: key === 'train' ? ['project', 'parameters', parameter] : ['project', 'steps', key],
  }));
}

function noEntryPoint(key: Step['key'], name: string, { file, entryPoints }: Mlproject): CrossProblem {
  const names = Object.keys(entryPoints);
  const nearest = didYouMean(name, names);
  const list = names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`;
  const meant =
    nearest === undefined
      ? `Add it there, or name another in project.steps.${key}.`
      : `Did you mean \`${nearest}\`?`;
  return {
    code: 'unknown-entry-point',
    path: ['project', 'steps', key],
    message: `${file} has no entry point \`${name}\`.`,
    remedy: `${meant} ${list}`,
  };
}
