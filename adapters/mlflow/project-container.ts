import path from 'node:path';
import type { BoxPolicy } from '../../core/config/config.ts';
import type { ProjectStep } from '../../core/project-port.ts';
import { dockerCli } from '../images/docker-cli.ts';
import { placeOfMlproject } from './read-mlproject.ts';

/** Names the job that a container belongs to. */
const LABEL = 'trainyard.job';
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
 * that MLflow has cloned itself lies where the engine can't see it, so that it goes into an image of its own.
 */
export function containerArguments(
  { uri }: Pick<ProjectStep, 'uri'>,
  { job, gpus }: Containers,
  {
    cwd,
    env,
    policy,
  }: { readonly cwd: string; readonly env: Variables; readonly policy: Pick<BoxPolicy, 'memoryBytes'> },
): readonly string[] {
  const place = placeOfMlproject(uri);
  const network = env[NETWORK_VARIABLE] ?? '';
  const given = [
    ...(gpus ? ['gpus=all'] : []),
    ...(place === undefined
      ? []
      : [`volume=${path.resolve(cwd, path.dirname(place))}:${CODE}`, `workdir=${CODE}`]),
    ...(network === '' ? [] : [`network=${network}`]),
    ...(policy.memoryBytes === undefined ? [] : [`memory=${policy.memoryBytes}b`]),
    // As who has no home in the image, a program would want to write to /.
    ...['env=HOME=/tmp', `user=${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    ...['cap-drop=ALL', 'security-opt=no-new-privileges', 'init', `label=${LABEL}=${job}`],
  ];
  const image = place === undefined ? ['--build-image'] : [];
  return [...image, ...given.flatMap((one) => ['--docker-args', one])];
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

/** How a boxed program reaches the engine: variables, and the socket that it has to see. */
export function engineOf(env: Variables): {
  readonly variables: Readonly<Record<string, string>>;
  readonly show: readonly string[];
} {
  const address = env['DOCKER_HOST'];
  if (address === undefined || address === '') return { variables: {}, show: [ENGINE_SOCKET] };
  const show = address.startsWith(UNIX) ? [address.slice(UNIX.length)] : [];
  return { variables: { DOCKER_HOST: address }, show };
}
