import type { Health, Launch, Runtime, RuntimeHandle } from '../../../agent/runtimes/runtime.ts';
import type { VersionBehaviour } from '../schedule/setup.ts';
import type { Actor, Scheduler } from '../scheduler.ts';

/** One model server of a host, an operating-system process that outlives the agent. */
export type ModelServer = {
  readonly version: string;
  readonly port: number;
  readonly captureFolder: string;
  readonly startedAt: number;
  state: 'loading' | 'serving' | 'failing';
  servingSince: number;
  /** Until then its management API does not answer. */
  checkHangsUntil: number;
  /** A check has found it serving: its agent has heard so. */
  isToldToServe: boolean;
};

/** The model servers of a host, by port. */
export type ModelServers = {
  readonly running: ReadonlyMap<number, ModelServer>;
  readonly ofVersion: (version: string) => ModelServer | undefined;
  /** The process ends at once. */
  readonly kill: (version: string) => void;
  readonly killAll: () => void;
  /** The runtime of an agent's process on this host. */
  readonly runtimeFor: (actor: Actor) => Runtime;
};

/**
 * Whether it answers, and its agent could know by an instant in ms: it has heard so, or a check would have told. Of one that was started
 * again, and whose check has hung since, nobody is told.
 */
export function servesKnowably(server: ModelServer | undefined, at: number): boolean {
  return server?.state === 'serving' && (server.isToldToServe || server.checkHangsUntil <= at);
}

type Options = {
  readonly time: Scheduler;
  readonly behaviourOf: (version: string) => VersionBehaviour;
  /** Called before the set of servers that answer changes. */
  readonly onChange: () => void;
  readonly isSlow: () => boolean;
};

const LOAD_MS = 1_500;
const SPAWN_MS = 30;
const STOP_MS = 200;
const SLOW_CHECK_MS = 2_000;
const FIRST_PORT = 20_000;
/** TorchServe that does not end when asked is waited for so long. */
const SLOW_STOP_MS = 9_000;
const MACHINE: Actor = { name: 'machine', isAlive: true };

/** The processes of a host, and what is known of their past. */
type Rack = Options & {
  readonly running: Map<number, ModelServer>;
  readonly loadedBefore: Set<string>;
};

/** A host without model servers. */
export function createModelServers(options: Options): ModelServers {
  const rack: Rack = { ...options, running: new Map(), loadedBefore: new Set() };
  const { running } = rack;
  const ofVersion = (version: string) => [...running.values()].find((server) => server.version === version);
  let nextPort = FIRST_PORT;
  return {
    running,
    ofVersion,
    kill: (version) => {
      const server = ofVersion(version);
      if (server !== undefined) end(rack, server);
    },
    killAll: () => {
      for (const server of [...running.values()]) end(rack, server);
    },
    runtimeFor: (actor) =>
      createRuntime(rack, actor, () => {
        nextPort += 1;
        return nextPort;
      }),
  };
}

function createRuntime(rack: Rack, actor: Actor, takePort: () => number): Runtime {
  const { time, isSlow, running } = rack;
  const serverOf = (handle: RuntimeHandle) => running.get(Number(handle['port']));
  return {
    kind: 'process',
    prepare: async () => {
      await time.sleep(1, actor);
      return { port: takePort() };
    },
    start: async (launch, handle) => {
      await time.sleep(SPAWN_MS, actor);
      const port = Number(handle['port']);
      if (!running.has(port)) spawn(rack, launch, port);
      return { ...handle, pid: port };
    },
    check: async (_model, handle) => {
      const hangsMs = (serverOf(handle)?.checkHangsUntil ?? 0) - time.elapsed();
      await time.sleep(Math.max(hangsMs, isSlow() ? SLOW_CHECK_MS : 2), actor);
      const server = serverOf(handle);
      if (server?.state === 'serving') server.isToldToServe = true;
      return healthOf(server);
    },
    stop: async (handle) => {
      await time.sleep(isSlow() ? SLOW_STOP_MS : STOP_MS, actor);
      const server = serverOf(handle);
      if (server !== undefined) end(rack, server);
    },
    port: (handle) => Number(handle['port']),
    processes: async () => [],
    sweep: async (known) => {
      await time.sleep(5, actor);
      const ports = new Set(known.map((handle) => Number(handle['port'])));
      const strays = [...running.values()].filter(({ port }) => !ports.has(port));
      for (const server of strays) end(rack, server);
      return strays.map(({ port }) => String(port));
    },
  };
}

function spawn(rack: Rack, { version, captureFolder }: Launch, port: number): void {
  const server: ModelServer = {
    ...{ version, port, captureFolder, startedAt: rack.time.elapsed() },
    ...{ state: 'loading', servingSince: 0, checkHangsUntil: 0, isToldToServe: false },
  };
  rack.running.set(port, server);
  rack.time.after(rack.isSlow() ? 10 * LOAD_MS : LOAD_MS, MACHINE, () => load(rack, server));
}

/** It serves from now on, unless another version holds what it needs to be loaded again. */
function load(rack: Rack, server: ModelServer): void {
  const { running, loadedBefore, behaviourOf, time } = rack;
  if (!running.has(server.port)) return;
  const { loadsOnce, crashesAfterMs } = behaviourOf(server.version);
  const isTaken = [...running.values()].some(
    ({ version, startedAt }) => version !== server.version && startedAt < server.startedAt,
  );
  rack.onChange();
  if (loadsOnce && isTaken && loadedBefore.has(server.version)) {
    server.state = 'failing';
    return;
  }
  loadedBefore.add(server.version);
  server.state = 'serving';
  server.servingSince = time.elapsed();
  if (crashesAfterMs > 0) time.after(crashesAfterMs, MACHINE, () => end(rack, server));
}

function end({ running, onChange }: Rack, server: ModelServer): void {
  if (!running.has(server.port)) return;
  onChange();
  running.delete(server.port);
}

function healthOf(server: ModelServer | undefined): Health {
  switch (server?.state) {
    case undefined:
      return { kind: 'gone', detail: 'the process has ended' };
    case 'loading':
      return { kind: 'loading', detail: 'workers: none' };
    case 'failing':
      return { kind: 'failing', detail: 'CUDA out of memory', code: 'load-failed' };
    case 'serving':
      return { kind: 'serving' };
  }
}
