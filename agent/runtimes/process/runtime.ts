import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/ports.ts';
import { exchangeHttp } from '../../machine/exchange-http.ts';
import { findFreePorts } from '../../machine/free-ports.ts';
import type { Toolchain } from '../../machine/toolchain.ts';
import type { ModelUser } from '../../options/model-user.ts';
import { findLoadFailure } from '../find-load-failure.ts';
import type { Health, Launch, Runtime, RuntimeHandle } from '../runtime.ts';
import { checkHandler, type OtherHandlers } from './check-handler.ts';
import { giveTo } from './give-to.ts';
import {
  isRunning,
  listOwned,
  listSession,
  processHandleSchema,
  spawnOrAdopt,
  stopSession,
} from './handle.ts';
import { serverVariables } from './server-variables.ts';
import {
  TORCHSERVE_LOG,
  type TorchServePorts,
  torchServeConfig,
  torchServeLogging,
} from './torchserve-config.ts';

/** TorchServe finishes its open requests in this time after SIGTERM, or is ended, in ms. */
const STOP_GRACE_MS = 10_000;
const CHECK_TIMEOUT_MS = 5_000;
/** A server that was seen serving and whose process runs is asked again after this time, in ms. */
const SERVING_MS = 30_000;
/** Heap of the JVM in front of the workers. It holds requests in flight only. */
const JVM_ARGUMENTS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError'];
const handleSchema = z.object({
  owner: z.string(),
  folder: z.string(),
  inference: z.int(),
  management: z.int(),
  metrics: z.int(),
  grpcInference: z.int(),
  grpcManagement: z.int(),
  ...processHandleSchema.partial().shape,
});

/** Handles as they were read: each tick asks for the same ones, and none of them ever changes. */
const handlesRead = new WeakMap<RuntimeHandle, z.infer<typeof handleSchema>>();

const workersSchema = z.array(z.object({ workers: z.array(z.object({ status: z.string() })) })).min(1);

type ProcessRuntimeOptions = {
  readonly toolchain: Toolchain;
  /** Distinguishes this agent's processes from another's on the same host. */
  readonly scope: string;
  readonly maxBodyBytes: number;
  readonly handlers: OtherHandlers;
  readonly log: Log;
  /** Who model servers run as; the agent's own user when there is none. */
  readonly user: ModelUser | undefined;
  /** The folder that all of theirs lie in. */
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Runs each model version as a TorchServe of its own, a child in its own session on loopback ports of its own. */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  const servingAt = new Map<RuntimeHandle[string] | undefined, number>();
  return {
    kind: 'process',
    prepare: (launch) => prepare(options, launch),
    start: (launch, handle) => start(options, launch, handle),
    check: async (model, handle) => {
      const { owner } = handle;
      const isRecent = performance.now() - (servingAt.get(owner) ?? -Infinity) < SERVING_MS;
      if (isRecent && runningProcess(handle) !== undefined) return { kind: 'serving' };
      const health = await check(model, handle);
      if (health.kind === 'serving') servingAt.set(owner, performance.now());
      else servingAt.delete(owner);
      return health;
    },
    stop: (handle) => stop(options.log, handle),
    port: (handle) => readHandle(handle).inference,
    processes: async (handle) => {
      const running = runningProcess(handle);
      return running === undefined ? [] : listSession(running);
    },
    sweep: async (known) => {
      const owners = new Set(known.map(({ owner }) => owner));
      const strays = listOwned(`${options.scope}/`).filter(({ owner }) => !owners.has(owner));
      await Promise.all(strays.map(({ handle }) => stopSession(handle, STOP_GRACE_MS)));
      return strays.map(({ owner }) => owner);
    },
  };
}

async function prepare(options: ProcessRuntimeOptions, launch: Launch): Promise<RuntimeHandle> {
  const [inference = 0, management = 0, metrics = 0, grpcInference = 0, grpcManagement = 0] =
    await findFreePorts(5);
  const owner = `${options.scope}/${launch.model}/${launch.version}/${inference}`;
  return { owner, folder: launch.workFolder, inference, management, metrics, grpcInference, grpcManagement };
}

async function start(
  options: ProcessRuntimeOptions,
  launch: Launch,
  handle: RuntimeHandle,
): Promise<RuntimeHandle> {
  const known = readHandle(handle);
  const running = runningProcess(handle);
  if (running !== undefined) return { ...handle, ...running };
  await admit(options, launch);
  await layOut(launch, known, options.maxBodyBytes);
  const { user, dataDir } = options;
  if (user !== undefined) await giveTo({ user, dataDir }, launch);
  const spawned = await spawnOrAdopt({
    argv: torchServeArguments(options.toolchain, launch),
    cwd: launch.workFolder,
    env: serverVariables({ ...options, python: options.toolchain.python }, launch),
    logFile: join(launch.workFolder, 'console.log'),
    owner: known.owner,
    user,
  });
  return { ...handle, ...spawned };
}

/** What has served here goes on, with a warning: an upgrade of the agent must not take the champion away. */
async function admit(
  { handlers, log }: ProcessRuntimeOptions,
  { model, version, payloadFile, handlers: asked = [], hasServed = false }: Launch,
): Promise<void> {
  const others = handlers === 'any' ? handlers : [...handlers, ...asked];
  try {
    await checkHandler(payloadFile, others);
  } catch (thrown) {
    if (!hasServed) throw thrown;
    log.warn(`${model} version ${version} starts again since it has served here. ${messageOf(thrown)}`);
  }
}

/** Everything TorchServe reads, in a folder of its own; the archive is linked, not copied. */
async function layOut(launch: Launch, ports: TorchServePorts, maxBodyBytes: number): Promise<void> {
  const { workFolder } = launch;
  await rm(workFolder, { recursive: true, force: true });
  for (const folder of ['store', 'tmp', 'logs']) await mkdir(join(workFolder, folder), { recursive: true });
  await mkdir(launch.captureFolder, { recursive: true });
  await link(launch.payloadFile, join(workFolder, 'store', 'model.mar'));
  const config = torchServeConfig(launch.manifest, ports, { maxBodyBytes });
  await writeFile(join(workFolder, 'config.properties'), config);
  await writeFile(join(workFolder, 'log4j2.xml'), torchServeLogging(join(workFolder, 'logs')));
}

/** The JVM is started directly: TorchServe's own launcher keeps one pid file per host and refuses a second server. */
function torchServeArguments(toolchain: Toolchain, launch: Launch): [string, ...string[]] {
  const { workFolder } = launch;
  return [
    toolchain.java,
    ...JVM_ARGUMENTS,
    `-Dmodel_server_home=${dirname(toolchain.torchserve)}`,
    `-Djava.io.tmpdir=${join(workFolder, 'tmp')}`,
    `-Dlog4j.configurationFile=${join(workFolder, 'log4j2.xml')}`,
    '-cp',
    join(toolchain.torchserve, 'frontend', '*'),
    'org.pytorch.serve.ModelServer',
    '--python',
    toolchain.python,
    '-f',
    join(workFolder, 'config.properties'),
    '-s',
    join(workFolder, 'store'),
    '-m',
    `${launch.model}=model.mar`,
    '--disable-token-auth',
    '-ncs',
  ];
}

/**
 * `/ping` says Healthy before any worker has loaded the model, so the workers are asked for: all READY is serving,
 * at least one READY as well, since the others are being started again.
 */
async function check(model: string, handle: RuntimeHandle): Promise<Health> {
  if (runningProcess(handle) === undefined) return { kind: 'gone', detail: 'the process has ended' };
  const { management, folder } = readHandle(handle);
  try {
    const url = `http://127.0.0.1:${management}/models/${model}`;
    const { status, text } = await exchangeHttp({ url, timeoutMs: CHECK_TIMEOUT_MS });
    if (status !== 200) return { kind: 'loading', detail: `TorchServe answered ${status} at ${url}` };
    const states = workersSchema
      .parse(JSON.parse(text))
      .flatMap(({ workers }) => workers.map(({ status }) => status));
    if (states.includes('READY')) return { kind: 'serving' };
    const failure = findLoadFailure(join(folder, 'logs', TORCHSERVE_LOG));
    if (failure !== undefined) return { kind: 'failing', detail: failure };
    return { kind: 'loading', detail: `workers: ${states.join(', ') || 'none'}` };
  } catch (thrown) {
    return { kind: 'loading', detail: messageOf(thrown) };
  }
}

/** What it unpacked goes with it; its logs stay for whoever asks why it ended. */
async function stop(log: Log, handle: RuntimeHandle): Promise<void> {
  const running = runningProcess(handle);
  const { folder, owner } = readHandle(handle);
  const held = running === undefined ? [] : await stopSession(running, STOP_GRACE_MS);
  if (held.length > 0) {
    const pids = held.map(({ pid }) => pid).join(', ');
    log.warn(
      `${owner}: process ${pids} was killed and has not ended: the kernel holds it. It may keep memory, a GPU’s too, ` +
        `until the host is restarted; \`ps -o stat,wchan ${pids}\` says what it waits for.`,
    );
  }
  for (const name of ['store', 'tmp']) await rm(join(folder, name), { recursive: true, force: true });
}

function readHandle(handle: RuntimeHandle): z.infer<typeof handleSchema> {
  const known = handlesRead.get(handle);
  if (known !== undefined) return known;
  const read = handleSchema.parse(handle);
  handlesRead.set(handle, read);
  return read;
}

function runningProcess(handle: RuntimeHandle) {
  const { pid, startTicks, owner } = readHandle(handle);
  if (pid === undefined || startTicks === undefined) {
    return listOwned(owner).find((owned) => owned.owner === owner)?.handle;
  }
  const known = { pid, startTicks };
  return isRunning(known) ? known : undefined;
}
