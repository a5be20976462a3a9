import type { Health, Launch, Runtime, RuntimeHandle } from '../../agent/runtimes/runtime.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import type { Behaviour } from './setup.ts';

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

type Options = {
  readonly time: Scheduler;
  readonly behaviourOf: (version: string) => Behaviour;
  /** Called before the set of servers that answer changes. */
  readonly onChange: () => void;
  readonly isSlow: () => boolean;
};

const LOAD_MS = 1_500;
const SPAWN_MS = 30;
const STOP_MS = 200;
/** TorchServe that does not end when asked is waited for so long. */
const SLOW_STOP_MS = 9_000;
const MACHINE: Actor = { name: 'machine', isAlive: true };

/** A host without model servers. */
export function createModelServers({ time, behaviourOf, onChange, isSlow }: Options): ModelServers {
  const running = new Map<number, ModelServer>();
  let nextPort = 20_000;
  const ofVersion = (version: string) => [...running.values()].find((server) => server.version === version);
  const end = (server: ModelServer) => {
    if (!running.has(server.port)) return;
    onChange();
    running.delete(server.port);
  };
  const load = (server: ModelServer) => {
    if (!running.has(server.port)) return;
    const { loadsOnce, crashesAfterMs } = behaviourOf(server.version);
    const isTaken = [...running.values()].some(
      ({ version, startedAt }) => version !== server.version && startedAt < server.startedAt,
    );
    onChange();
    if (loadsOnce && isTaken && loadedBefore.has(server.version)) {
      server.state = 'failing';
      return;
    }
    loadedBefore.add(server.version);
    server.state = 'serving';
    server.servingSince = time.elapsed();
    if (crashesAfterMs > 0) time.after(crashesAfterMs, MACHINE, () => end(server));
  };
  const loadedBefore = new Set<string>();
  const start = async (actor: Actor, { version, captureFolder }: Launch, handle: RuntimeHandle) => {
    await time.sleep(SPAWN_MS, actor);
    const port = Number(handle['port']);
    if (!running.has(port)) {
      const server: ModelServer = {
        ...{ version, port, captureFolder, startedAt: time.elapsed() },
        ...{ state: 'loading', servingSince: 0, checkHangsUntil: 0 },
      };
      running.set(port, server);
      time.after(isSlow() ? 10 * LOAD_MS : LOAD_MS, MACHINE, () => load(server));
    }
    return { ...handle, pid: port };
  };
  return {
    running,
    ofVersion,
    kill: (version) => {
      const server = ofVersion(version);
      if (server !== undefined) end(server);
    },
    killAll: () => {
      for (const server of [...running.values()]) end(server);
    },
    runtimeFor: (actor) => ({
      kind: 'process',
      prepare: async () => {
        await time.sleep(1, actor);
        nextPort += 1;
        return { port: nextPort };
      },
      start: (launch, handle) => start(actor, launch, handle),
      check: async (_model, handle) => {
        const server = running.get(Number(handle['port']));
        const hangsMs = (server?.checkHangsUntil ?? 0) - time.elapsed();
        await time.sleep(Math.max(hangsMs, isSlow() ? 2_000 : 2), actor);
        return healthOf(running.get(Number(handle['port'])));
      },
      stop: async (handle) => {
        await time.sleep(isSlow() ? SLOW_STOP_MS : STOP_MS, actor);
        const server = running.get(Number(handle['port']));
        if (server !== undefined) end(server);
      },
      port: (handle) => Number(handle['port']),
      sweep: async (known) => {
        await time.sleep(5, actor);
        const ports = new Set(known.map((handle) => Number(handle['port'])));
        for (const server of [...running.values()]) if (!ports.has(server.port)) end(server);
      },
    }),
  };
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
