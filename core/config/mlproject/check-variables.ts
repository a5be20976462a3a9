import type { Config } from '../config.ts';
import type { CrossProblem } from '../cross-problem.ts';
import type { Mlproject } from './mlproject.ts';

/** What any shell hands on as it stands, quoted or not. */
const PLAIN = /^[\w@%+=:,./-]*$/;

/** Whether a shell hands a text on as it stands without quotes. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** What MLflow would write, without quotes, on a line that a shell outside of the container reads. */
type Values = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trackingUri: string;
};

/**
 * What that shell would not hand on as it stands: it would expand it, or run what is in it. Image and volumes of containers, and variables
 * whose values are such, which are named without their values.
 */
export function checkVariables(
  { environment }: Config['project'],
  { file, containerVariables, containerWords }: Mlproject,
  { env, trackingUri }: Values,
): readonly CrossProblem[] {
  if (environment !== 'docker') return [];
  const listed = containerVariables.flatMap(({ name, value = env[name] ?? '' }) =>
    isPlain(`${name}=${value}`) ? [] : [name],
  );
  const words = containerWords
    .filter((word) => !isPlain(word))
    .map((word) =>
      problemOf(
        `${file} names ${JSON.stringify(word)} below docker_env, which has signs`,
        'Write image and volumes with letters, digits and any of _@%+=:,./-.',
      ),
    );
  const variables = listed.map((name) =>
    problemOf(
      `${file} lists \`${name}\` below docker_env: environment, and its value has signs`,
      'Leave it out there: credentials of MLflow and of its store, and variables that trainyard.yml of the default branch names, get into the container without. Or give a value of letters, digits and any of _@%+=:,./-.',
    ),
  );
  const problems = [...words, ...variables];
  if (isPlain(trackingUri)) return problems;
  const remedy = 'Give an address of letters, digits and any of _@%+=:,./-, with no credentials in it.';
  return [...problems, problemOf('tracking.uri has signs', remedy)];
}

function problemOf(what: string, remedy: string): CrossProblem {
  return {
    code: 'variable-outside-container',
    path: ['project', 'environment'],
    message: `${what} that a shell outside of the container would take for itself.`,
    remedy,
  };
}
