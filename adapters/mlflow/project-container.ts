import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BoxPolicy } from '../../core/config/config.ts';
import { isPlain } from '../../core/config/mlproject/check-variables.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import type { ProjectStep } from '../../core/project-port.ts';
import { dockerCli } from '../images/docker-cli.ts';
import { placeOfMlproject } from './read-mlproject.ts';

/** What a training signs in with, at MLflow and at the store of its artifacts, and the GPUs that are its own: a container gets them by their names. */
const GIVEN_VARIABLES = [
  ...['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_TRACKING_TOKEN'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['AZURE_STORAGE_CONNECTION_STRING', 'AZURE_STORAGE_ACCESS_KEY', 'CUDA_VISIBLE_DEVICES'],
];
/** Names of variables, but for those that tell where things are on the runner. */
const VARIABLE = /^(?!(?:PATH|HOME|USER|TMPDIR|LD_LIBRARY_PATH)$)[A-Za-z_]\w*$/;
/** Names the job that a container belongs to. */
const LABEL = 'trainyard.job';
/** Names the MLflow run of the trial that a container belongs to. */
export const TRIAL_LABEL = 'trainyard.run';
/** Where MLflow has a project lie in a container. */
const CODE = '/mlflow/projects/code';
const REMOVE_TIMEOUT_MS = 60_000;
const ENGINE_SOCKET = '/run/docker.sock';
const UNIX = 'unix://';
/** The runner's operator names the network of these containers by it, where MLflow is not to be reached from the engine's usual one. */
const NETWORK_VARIABLE = 'TRAINYARD_DOCKER_NETWORK';

type Variables = Readonly<Record<string, string | undefined>>;

/** What containers of a project (`docker_env`) are started with. */
export type Containers = {
  /** Tells those of one job, in all its attempts, from all others on the engine. */
  readonly job: string;
  /** Whether they see the GPUs of the runner. */
  readonly gpus: boolean;
};

/**
 * What `mlflow run` hands on to `docker run`. By itself it would run the code that the image has, as the image's user: here it is that of
 * the commit, in the workspace, where one step finds what the one before has written, and its files are the job's user's. A project
 * that MLflow has cloned itself lies where the engine can't see it, so that it goes into an image of its own. Each is written as a shell
 * reads it, for MLflow has one read the line (`bash -c`, with nothing quoted: projects/backend/local.py of 3.17). Throws a UserError where
 * the workspace lies at a place that Docker can't be told.
 */
export function containerArguments(
  { uri }: Pick<ProjectStep, 'uri'>,
  { job, gpus }: Containers,
  {
    cwd,
    env,
    policy,
    variables,
  }: {
    readonly cwd: string;
    readonly env: Variables;
    readonly policy: Pick<BoxPolicy, 'memoryBytes'>;
    readonly variables: readonly string[];
  },
): readonly string[] {
  const place = placeOfMlproject(uri);
  const network = env[NETWORK_VARIABLE] ?? '';
  const given = [
    ...(gpus ? ['gpus=all'] : []),
    ...(place === undefined
      ? []
      : [`volume=${volumeOf(path.resolve(cwd, path.dirname(place)))}`, `workdir=${CODE}`]),
    ...(network === '' ? [] : [`network=${shellWord(network)}`]),
    ...(policy.memoryBytes === undefined ? [] : [`memory=${policy.memoryBytes}b`]),
    // As who has no home in the image, a program would want to write to /.
    'env=HOME=/tmp',
    ...runnersUser(),
    ...['cap-drop=ALL', 'security-opt=no-new-privileges', 'init', `label=${shellWord(`${LABEL}=${job}`)}`],
    // Values stay in the environment: on a line they would be read by the shell, and by whoever lists processes.
    `e=${[...new Set([...GIVEN_VARIABLES, ...variables])].filter((name) => VARIABLE.test(name)).join(' --env ')}`,
  ];
  const image = place === undefined ? ['--build-image'] : [];
  return [...image, ...given.flatMap((one) => ['--docker-args', one])];
}

/** What the project writes belongs to the runner's user; where users have no numbers, Docker's own rule decides. */
function runnersUser(): readonly string[] {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  return user === undefined || group === undefined ? [] : [`user=${user}:${group}`];
}

function volumeOf(folder: string): string {
  if (!folder.includes(':')) return shellWord(`${folder}:${CODE}`);
  throw new UserError([
    {
      code: 'workspace-not-mountable',
      message: `Docker can't be told to mount ${folder}: it takes what stands behind the colon for another place.`,
      remedy: 'Move the work folder of the runner, or the project, to a path without a colon.',
    },
  ]);
}

/** A text as one word of a shell's line. */
function shellWord(text: string): string {
  return isPlain(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Ends and removes the containers of a job: they are the engine's children and not the step's, and would outlive it. Says so where it
 * can't; how the step went is known by then.
 */
export async function removeContainers(
  job: string,
  { env, onLine }: { readonly env: Variables; readonly onLine: (line: string) => void },
): Promise<void> {
  const docker = dockerCli({ env, timeoutMs: REMOVE_TIMEOUT_MS });
  try {
    const left = await docker(['ps', '--all', '--quiet', '--filter', `label=${LABEL}=${job}`]);
    if (left.length === 0) return;
    await docker(['rm', '--force', '--volumes', ...left]);
    onLine(`Ended what was left of the project's containers: ${left.join(', ')}.`);
  } catch (thrown) {
    onLine(`Containers of the project may still run: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

/** How a boxed program reaches the engine, and registries through it: variables, and what it has to see, to read. */
export function engineOf(env: Variables): {
  readonly variables: Readonly<Record<string, string>>;
  readonly show: readonly string[];
} {
  const said = (name: string) => env[name] || undefined;
  const home = said('HOME');
  const config = said('DOCKER_CONFIG') ?? (home === undefined ? undefined : path.join(home, '.docker'));
  const host = said('DOCKER_HOST');
  const variables = {
    ...optional('DOCKER_HOST', host),
    ...optional('DOCKER_TLS_VERIFY', said('DOCKER_TLS_VERIFY')),
    ...optional('DOCKER_CERT_PATH', said('DOCKER_CERT_PATH')),
    ...optional('DOCKER_CONFIG', config),
  };
  const socket = host === undefined ? ENGINE_SOCKET : undefined;
  const named = host?.startsWith(UNIX) ? host.slice(UNIX.length) : undefined;
  const files = [variables.DOCKER_CERT_PATH, config].filter(
    (place) => place !== undefined && existsSync(place),
  );
  return { variables, show: [socket, named, ...files].filter((place) => place !== undefined) };
}
