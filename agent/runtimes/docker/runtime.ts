import { createHash } from 'node:crypto';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePorts } from '../../machine/free-ports.ts';
import type { Launch, Runtime, RuntimeHandle } from '../runtime.ts';
import { type ContainerIdentity, controlFolder, describeContainer } from './container.ts';
import {
  type Begun,
  type Context,
  connect,
  type DockerRuntimeOptions,
  handleSchema,
  inspect,
  remove,
  removeEnded,
  sweep,
} from './engine.ts';
import { dockerFailure, statusOf } from './failure.ts';
import { checkContainer, describeEnd } from './health.ts';
import { dropOldImages, markServed, provideImage } from './images.ts';

/** TorchServe finishes its open requests in this time after SIGTERM, or is ended, in s. */
const STOP_GRACE_SECONDS = 10;
/** The engine's silence counts as failure after this, in ms; while it starts a container, later. Pulls report progress all along. */
const ENGINE_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 300_000;
/** A start that is given up ends within this time or is asked again later: the agent has other versions to watch, in ms. */
const ABORT_GRACE_MS = 5_000;
/** User of the containers when the agent is root: nobody's, as in the image. */
const UNPRIVILEGED = 65_532;

/** Runs each model version as one hardened container of the image in its package. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const docker = connect(options, ENGINE_TIMEOUT_MS);
  const context = { docker, options, begun: new Map() };
  return {
    kind: 'docker',
    prepare: (launch) => prepare(options, launch),
    start: (launch, handle) => start(context, launch, handle),
    check: (model, handle) => checkContainer(context, model, handle),
    stop: (handle) => stop(context, handle),
    port: (handle) => handleSchema.parse(handle).inference,
    processes: (handle) => listProcesses(context, handle),
    sweep: (known) => sweep(context, known),
  };
}

async function prepare(options: DockerRuntimeOptions, launch: Launch): Promise<RuntimeHandle> {
  const [inference = 0, grpcInference = 0, grpcManagement = 0] = await findFreePorts(3);
  const scope = createHash('sha256').update(options.scope).digest('hex').slice(0, 8);
  const name = launch.model.replaceAll(/[^a-zA-Z0-9_.-]/g, '-');
  const container = `trainyard-${scope}-${name}-v${launch.version}-${inference}`;
  const control = controlFolder(launch);
  return { container, control, inference, grpcInference, grpcManagement };
}

/**
 * Begins to start, or adopts what runs. A pull can take minutes in which the agent has other things to watch, so it goes on by itself;
 * `check` says how far it is, and the next call of `start` rejects with what it failed with.
 */
async function start(context: Context, launch: Launch, handle: RuntimeHandle): Promise<RuntimeHandle> {
  const identity = handleSchema.parse(handle);
  const begun = context.begun.get(identity.container);
  if (begun?.failure !== undefined) {
    context.begun.delete(identity.container);
    throw begun.failure;
  }
  const found = await inspect(context, identity);
  if (found?.State.Status === 'exited' || found?.State.Status === 'dead') {
    await remove(context, identity);
    throw new Error(describeEnd(found));
  }
  if (begun === undefined && found?.State.Running !== true) begin(context, launch, identity);
  return handle;
}

function begin(context: Context, launch: Launch, identity: ContainerIdentity): void {
  const abort = new AbortController();
  const begun: Begun = {
    abort,
    failure: undefined,
    done: run(context, { launch, identity, signal: abort.signal }).then(
      () => void context.begun.delete(identity.container),
      (thrown) => {
        begun.failure = thrown;
      },
    ),
  };
  context.begun.set(identity.container, begun);
}

type RunRequest = {
  readonly launch: Launch;
  readonly identity: ContainerIdentity;
  /** Gives the start up. */
  readonly signal: AbortSignal;
};

async function run(context: Context, { launch, identity, signal }: RunRequest): Promise<void> {
  const { options } = context;
  const docker = connect(options, START_TIMEOUT_MS);
  const { model, manifest } = launch;
  await removeEnded(context, launch);
  const policy = { ...options, endpoint: options.host };
  const imageId = await provideImage(docker, { model, payload: manifest.payload, policy, signal });
  signal.throwIfAborted();
  const limits = { ...options.limits, user: layOut(launch) };
  try {
    const container = await docker.createContainer(
      describeContainer(launch, identity, { imageId, scope: options.scope, limits }),
    );
    await container.start();
  } catch (thrown) {
    await remove(context, identity);
    throw dockerFailure(thrown, `start ${identity.container}`, options.host);
  }
  // What can't be given up now is tried again after the next start.
  await dropOldImages(docker, model, options.keepImages).catch(() => undefined);
}

/** Makes the folders the container writes to, for the user it runs as, which is given back as `uid:gid`. */
function layOut(launch: Launch): string {
  rmSync(launch.workFolder, { recursive: true, force: true });
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const [user, group] = uid === 0 ? [UNPRIVILEGED, UNPRIVILEGED] : [uid, gid];
  for (const folder of [controlFolder(launch), launch.captureFolder]) {
    mkdirSync(folder, { recursive: true });
    if (uid === 0) chownSync(folder, user, group);
  }
  return `${user}:${group}`;
}

/** Gives a start up. Rejects when the engine is in the middle of what can't be broken off. */
async function abort(begun: Begun, { container }: ContainerIdentity): Promise<void> {
  begun.abort.abort();
  const late = wait(ABORT_GRACE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`The engine is still starting ${container}; it is stopped once that is over.`);
  });
  await Promise.race([begun.done, late]);
}

/** The engine asks ps on the host, so that its pids are the host's. */
async function listProcesses(
  { docker, options }: Context,
  handle: RuntimeHandle,
): Promise<readonly number[]> {
  const { container } = handleSchema.parse(handle);
  try {
    const { Titles, Processes } = await docker.getContainer(container).top();
    const column = Titles.indexOf('PID');
    return Processes.map((row: readonly string[]) => Number(row[column]));
  } catch (thrown) {
    // 409: it is not running.
    if (statusOf(thrown) === 404 || statusOf(thrown) === 409) return [];
    throw dockerFailure(thrown, `list the processes of ${container}`, options.host);
  }
}

async function stop(context: Context, handle: RuntimeHandle): Promise<void> {
  const { docker, options, begun } = context;
  const identity = handleSchema.parse(handle);
  const present = begun.get(identity.container);
  if (present !== undefined) await abort(present, identity);
  begun.delete(identity.container);
  const found = await inspect(context, identity);
  if (found === undefined) return;
  try {
    await markServed(docker, found.Image);
    await docker.getContainer(identity.container).stop({ t: STOP_GRACE_SECONDS });
  } catch (thrown) {
    const hasEnded = statusOf(thrown) === 304 || statusOf(thrown) === 404;
    if (!hasEnded) throw dockerFailure(thrown, `stop ${identity.container}`, options.host);
  }
  await remove(context, identity);
}
