import type DockerClient from 'dockerode';
import { z } from 'zod';
import { UserError } from '../../../core/errors.ts';
import type { Launch, RuntimeHandle } from '../runtime.ts';
import { type ContainerIdentity, type ContainerLimits, LABELS } from './container.ts';
import { dockerFailure, statusOf } from './failure.ts';

/** Left out of the agent's bundle: with what it needs it is three times the rest, and only this runtime needs it. */
const { default: Docker } = await import(/* webpackIgnore: true */ 'dockerode');

/** The engine, and how this agent uses it. */
export type DockerRuntimeOptions = {
  /** The engine's socket, as in `DOCKER_HOST`: `unix:///var/run/docker.sock`. It must be this host's, which shares folders and ports. */
  readonly host: string;
  /** Distinguishes this agent's containers from another's on the same engine. */
  readonly scope: string;
  readonly limits: Omit<ContainerLimits, 'user'>;
  /** Versions of a model whose image stays for a rollback without a pull. */
  readonly keepImages: number;
  /** Free space on the engine's disk below which no image is pulled, in bytes. */
  readonly reserveBytes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** What identifies an instance, as the agent stores it. */
export const handleSchema = z.object({
  container: z.string(),
  control: z.string(),
  inference: z.int(),
  grpcInference: z.int(),
  grpcManagement: z.int(),
});

/** How a start that was begun goes: until it is `done`, TorchServe is not there to be asked. */
export type Begun = { readonly done: Promise<void>; readonly abort: AbortController; failure: unknown };

/** What every part of this runtime works with. */
export type Context = {
  readonly docker: DockerClient;
  readonly options: DockerRuntimeOptions;
  /** Starts by container name. What a crash of the agent takes from here is begun again, since nothing runs yet. */
  readonly begun: Map<string, Begun>;
};

/** Ends the containers of this agent that are not known, and gives what they are called. */
export async function sweep(context: Context, known: readonly RuntimeHandle[]): Promise<readonly string[]> {
  const { docker, options } = context;
  const names = new Set(known.map((handle) => `/${handleSchema.parse(handle).container}`));
  const filters = { label: [`${LABELS.scope}=${options.scope}`] };
  try {
    const containers = await docker.listContainers({ all: true, filters });
    const strays = containers.filter(({ Names }) => !Names.some((name) => names.has(name)));
    await Promise.all(strays.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
    return strays.map(({ Id, Names: [name] }) => `the container ${name?.slice(1) ?? Id}`);
  } catch (thrown) {
    throw dockerFailure(thrown, 'list the containers of this agent', options.host);
  }
}

/** The container as the engine knows it; `undefined` when there is none. Rejects with a ServiceError. */
export async function inspect({ docker, options }: Context, { container }: ContainerIdentity) {
  try {
    return await docker.getContainer(container).inspect();
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw dockerFailure(thrown, `inspect ${container}`, options.host);
  }
}

/** Removes the container, running or not; none is fine. Rejects with a ServiceError. */
export async function remove({ docker, options }: Context, { container }: ContainerIdentity): Promise<void> {
  try {
    await docker.getContainer(container).remove({ force: true, v: true });
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw dockerFailure(thrown, `remove ${container}`, options.host);
  }
}

/** Removes what is left of this version's earlier containers, none of which runs. */
export async function removeEnded({ docker, options }: Context, { model, version }: Launch): Promise<void> {
  const label = [
    `${LABELS.scope}=${options.scope}`,
    `${LABELS.model}=${model}`,
    `${LABELS.version}=${version}`,
  ];
  try {
    const filters = { label, status: ['created', 'exited', 'dead'] };
    const ended = await docker.listContainers({ all: true, filters });
    await Promise.all(ended.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  } catch (thrown) {
    throw dockerFailure(thrown, 'remove ended containers', options.host);
  }
}

/** A client of this host's engine. Throws a UserError for an engine elsewhere. */
export function connect({ host }: Pick<DockerRuntimeOptions, 'host'>, timeout: number): DockerClient {
  return new Docker({ socketPath: socketOf(host), timeout });
}

function socketOf(host: string): string {
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new UserError([
    {
      code: 'docker-host-not-local',
      message: `'${host}' is no socket of this host.`,
      remedy:
        'Name the engine of this host, e.g. unix:///var/run/docker.sock: the agent shares folders and ports with it.',
    },
  ]);
}
