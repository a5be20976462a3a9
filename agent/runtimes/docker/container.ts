import { join } from 'node:path';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { torchServeConfig } from '../process/torchserve-config.ts';
import { bodyVariables, type Launch } from '../runtime.ts';

/** Labels that say whose container it is: the agent's scope, and the instance. */
export const LABELS = {
  scope: 'trainyard.scope',
  model: 'trainyard.model',
  version: 'trainyard.version',
} as const;

/** The container's own ports. On a bridge network each container has its own set; only inference is published. */
const CONTAINER_PORTS = {
  inference: 8080,
  management: 8081,
  metrics: 8082,
  grpcInference: 7070,
  grpcManagement: 7071,
} as const;
/** Where the agent's folders appear in the container. */
const CAPTURE_DIR = '/run/trainyard/capture';
const CONTROL_DIR = '/run/trainyard/control';
/** Room for TorchServe's sockets and temporary files. It counts towards the container's memory. */
const TMP_BYTES = 256 * 2 ** 20;
/** The engine rotates the container's output at this size, and keeps so many files. */
const LOG_FILE_SIZE = '16m';
const LOG_FILES = '3';

/** Ends of the server after which the engine leaves it to the agent, which starts another. */
const MAX_RESTARTS = 3;

/** Bounds and surroundings of every container of one agent. */
export type ContainerLimits = {
  /** `host`, or the name of a bridge network; a bridge network keeps the servers apart. */
  readonly network: string;
  /** Memory of one container, temporary files and the JVM included, in bytes. There is no swap on top. */
  readonly memoryBytes: number;
  /** Processes and threads of one container. */
  readonly pids: number;
  /** `uid:gid` the server runs as; it must be able to write the instance's folders. */
  readonly user: string;
  readonly maxBodyBytes: number;
};

/** What was chosen for one instance before it started. */
export type ContainerIdentity = {
  readonly container: string;
  readonly inference: number;
  readonly grpcInference: number;
  readonly grpcManagement: number;
};

/** What is run, whose it is, and within which bounds. */
type ContainerRequest = {
  readonly imageId: string;
  /** The agent's own name, by which it finds its containers again. */
  readonly scope: string;
  readonly limits: ContainerLimits;
};

/** Folder on the host in which the management API's socket appears. */
export function controlFolder(launch: Launch): string {
  return join(launch.workFolder, 'control');
}

/**
 * What the engine is asked to run: the image of this id, hardened. It may write to its own temporary files and the two folders the agent
 * shares with it, gains no privilege, and listens on one loopback port of the host.
 */
export function describeContainer(
  launch: Launch,
  identity: ContainerIdentity,
  { imageId, scope, limits }: ContainerRequest,
): ContainerCreateOptions {
  return {
    name: identity.container,
    Image: imageId,
    User: limits.user,
    Env: environmentOf(launch, identity, limits),
    Labels: { [LABELS.scope]: scope, [LABELS.model]: launch.model, [LABELS.version]: launch.version },
    ExposedPorts: { [`${CONTAINER_PORTS.inference}/tcp`]: {} },
    HostConfig: {
      ...isolation(limits),
      ...networking(identity, limits),
      ...(launch.manifest.serving.gpu === 'all' && { DeviceRequests: ALL_GPUS }),
      Binds: [`${controlFolder(launch)}:${CONTROL_DIR}`, `${launch.captureFolder}:${CAPTURE_DIR}`],
      // The engine brings a server back after its own restart, and a few crashes, without waiting for the agent.
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: MAX_RESTARTS },
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_FILE_SIZE, 'max-file': LOG_FILES } },
    },
  };
}

const ALL_GPUS = [{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }];

function isolation(limits: ContainerLimits): HostConfig {
  return {
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,size=${TMP_BYTES}` },
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Init: true,
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    PidsLimit: limits.pids,
  };
}

function networking(identity: ContainerIdentity, { network }: ContainerLimits): HostConfig {
  if (network === 'host') return { NetworkMode: 'host' };
  const published = [{ HostIp: '127.0.0.1', HostPort: String(identity.inference) }];
  return { NetworkMode: network, PortBindings: { [`${CONTAINER_PORTS.inference}/tcp`]: published } };
}

function environmentOf(
  launch: Launch,
  identity: ContainerIdentity,
  { network, maxBodyBytes }: ContainerLimits,
): string[] {
  const settings =
    network === 'host'
      ? torchServeConfig(launch.manifest, { ...CONTAINER_PORTS, ...portsOf(identity) }, { maxBodyBytes })
      : torchServeConfig(launch.manifest, CONTAINER_PORTS, { maxBodyBytes, host: '0.0.0.0' });
  return Object.entries({
    TRAINYARD_SETTINGS: settings,
    TRAINYARD_CONTROL_DIR: CONTROL_DIR,
    TRAINYARD_CAPTURE_DIR: CAPTURE_DIR,
    ...bodyVariables(maxBodyBytes),
    TRAINYARD_CAPTURE_SECONDS: String(launch.captureSeconds),
    TRAINYARD_MODEL: launch.model,
    TRAINYARD_VERSION: launch.version,
  }).map(([name, value]) => `${name}=${value}`);
}

function portsOf({ inference, grpcInference, grpcManagement }: ContainerIdentity) {
  return { inference, grpcInference, grpcManagement };
}
