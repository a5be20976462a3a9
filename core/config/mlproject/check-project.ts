import { didYouMean } from '../../did-you-mean.ts';
import type { Config } from '../config.ts';
import type { CrossProblem } from '../cross-problem.ts';
import { checkParameters, findUndeclared } from './check-parameters.ts';
import { findEntryPoint, isElsewhere, type Mlproject } from './mlproject.ts';

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
  { steps, parameters }: Config['project'],
  project: Mlproject,
): readonly CrossProblem[] {
  const etl = steps.etl === undefined ? [] : [{ key: 'etl' as const, name: steps.etl, values: {} }];
  return [...etl, { key: 'train' as const, name: steps.train, values: parameters }].flatMap((step) =>
    checkStep(step, project),
  );
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
