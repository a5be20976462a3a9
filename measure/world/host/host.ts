import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../../agent/agent.ts';
import { createApp } from '../../../agent/api/server.ts';
import { openAuditLog } from '../../../agent/audit/audit-log.ts';
import type { AgentContext } from '../../../agent/context.ts';
import type { App } from '../../../agent/http/call.ts';
import { runLoop } from '../../../agent/loop.ts';
import type { Exchange } from '../../../agent/machine/reach-out.ts';
import { createSteadyClock } from '../../../agent/machine/steady-clock.ts';
import { createClockWatch, moveOutOfFuture } from '../../../agent/machine/watch-clock.ts';
import { type AgentOptions, databaseFile, readOptions } from '../../../agent/options/options.ts';
import { openStore, type Store } from '../../../agent/store/store.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Draws } from '../../simulate/draws.ts';
import { limitDisk, WORLD_DISK } from '../disk.ts';
import type { Setup, VersionBehaviour } from '../schedule/setup.ts';
import type { Actor, Scheduler } from '../scheduler.ts';
import type { Trace } from '../trace.ts';
import { ENVIRONMENT, REPOSITORY, TIMES, urlOf } from '../world-config.ts';
import { openShelf, type Shelf } from './blob-shelf.ts';
import { keepCapturing } from './capture.ts';
import { type Clients, createClients, type Served } from './clients.ts';
import { createModelServers, type ModelServers } from './model-servers.ts';
import { createProxy, type HostProxy } from './proxy.ts';

/** What is wrong with a host at present; times in ms since the world began. */
type HostFaults = {
  partitionedUntil: number;
  answersLostUntil: number;
  badGatewayUntil: number;
  slowUntil: number;
  diskFullUntil: number;
  /** How far its clock is ahead. */
  skewMs: number;
};

/** A running agent, one process. */
type Running = {
  readonly actor: Actor;
  readonly agent: Agent;
  /** Its API, once it listens. */
  readonly app: () => App | undefined;
};

/** A serving host: a machine with a proxy, model servers and a disk, and an agent that may be killed and started again. */
export type WorldHost = {
  readonly index: number;
  readonly url: string;
  readonly faults: HostFaults;
  readonly servers: ModelServers;
  readonly proxy: HostProxy;
  readonly clients: Clients;
  readonly running: () => Running | undefined;
  /** For how long no agent has run, in ms; 0 while one does. */
  readonly downForMs: () => number;
  /** Its agent began later than a host last answered anybody: nobody can know yet what it came back with. */
  readonly isUnseen: () => boolean;
  /** It has answered a request of its API now. */
  readonly sawAnswer: () => void;
  readonly store: () => Store | undefined;
  /** How many package files lie on its disk. */
  readonly packages: () => number;
  readonly start: () => void;
  /** As `kill -9`: nothing of it goes on, and all it has stored is there. */
  readonly kill: () => void;
  /** The machine is gone with all that was on it; another takes its address. */
  readonly replace: () => void;
  readonly is: (fault: Exclude<keyof HostFaults, 'skewMs'>) => boolean;
};

/** What all hosts live in. */
type HostWorld = {
  readonly time: Scheduler;
  readonly draws: Draws;
  readonly setup: Setup;
  readonly trace: Trace;
  readonly behaviourOf: (version: string) => VersionBehaviour;
  readonly rateFactor: () => number;
  readonly onServed: (host: number, served: Served) => void;
  /** The way of an agent's process to GitHub. */
  readonly exchangeFor: (host: number, actor: Actor) => Exchange;
};

/** Starts an agent again that has ended by itself, as one that finds no room for its database. */
const SERVICE_MANAGER: Actor = { name: 'service manager', isAlive: true };
const RESTART_MS = 5_000;

export const TOKEN = 'deployer-token-of-the-world';
export const DISPATCH_SECRET = 'dispatch-secret-of-the-world';

/** A host on which nothing runs yet. */
export function createHost(world: HostWorld, index: number): WorldHost {
  const { time } = world;
  const faults: HostFaults = {
    ...{ partitionedUntil: 0, answersLostUntil: 0, badGatewayUntil: 0, slowUntil: 0, diskFullUntil: 0 },
    skewMs: 0,
  };
  const is: WorldHost['is'] = (fault) => time.elapsed() < faults[fault];
  const shelf: Shelf = new Map();
  const options = optionsOf(world, index);
  clearFolder(options.dataDir);
  const isSlow = () => is('slowUntil');
  const { servers, proxy, clients } = openDataPlane(world, index, isSlow);
  let running: Running | undefined;
  let starts = 0;
  let endedAt = 0;
  let isUnseen = false;
  const host: WorldHost = {
    ...{ index, url: urlOf(index), faults, servers, proxy, clients, is },
    running: () => running,
    downForMs: () => (running === undefined ? time.elapsed() - endedAt : 0),
    isUnseen: () => running !== undefined && isUnseen,
    sawAnswer: () => {
      isUnseen = false;
    },
    store: () => running?.agent.context.store,
    packages: () => shelf.size,
    start: () => {
      if (running !== undefined) return;
      clients.settle();
      starts += 1;
      isUnseen = true;
      const actor = { name: `agent-${index + 1}.${starts}`, isAlive: true };
      const blobs = openShelf({ time, shelf, isFull: () => is('diskFullUntil'), isSlow }, actor);
      try {
        running = startAgent(world, host, { actor, options, blobs });
      } catch (thrown) {
        world.trace.say(actor.name, `The agent ended: ${messageOf(thrown)}`);
        actor.isAlive = false;
        time.after(RESTART_MS, SERVICE_MANAGER, host.start);
      }
    },
    kill: () => {
      if (running === undefined) return;
      clients.settle();
      running.actor.isAlive = false;
      running.agent.context.store.close();
      running = undefined;
      endedAt = time.elapsed();
    },
    replace: () => {
      host.kill();
      servers.killAll();
      proxy.kill();
      shelf.clear();
      clearFolder(options.dataDir);
      faults.diskFullUntil = 0;
    },
  };
  return host;
}

/** What answers requests on a host, and those who send them. */
function openDataPlane(
  { time, draws, setup, behaviourOf, rateFactor, onServed }: HostWorld,
  index: number,
  isSlow: () => boolean,
): Pick<WorldHost, 'servers' | 'proxy' | 'clients'> {
  const settle = () => clients.settle();
  const servers = createModelServers({ time, behaviourOf, onChange: settle, isSlow });
  const proxy = createProxy({ time, onLook: settle });
  const clients: Clients = createClients({
    ...{ time, draws, setup, rateFactor, behaviourOf, servers },
    proxy: () => proxy,
    onServed: (served) => onServed(index, served),
  });
  // Whoever answers nothing invalid writes the same zero again and again.
  if (Object.values(setup.versions).some(({ invalid }) => invalid > 0)) {
    keepCapturing({ time, servers, clients });
  }
  return { servers, proxy, clients };
}

type Start = {
  readonly actor: Actor;
  readonly options: AgentOptions;
  readonly blobs: AgentContext['blobs'];
};

/** What `run-agent.ts` does, on the machine of the world. */
function startAgent(world: HostWorld, host: WorldHost, { actor, options, blobs }: Start): Running {
  const { time, trace } = world;
  const machine = { wall: () => time.now() + host.faults.skewMs, uptime: time.elapsed };
  const clock = {
    ...createSteadyClock(machine),
    wait: (ms: number, signal?: AbortSignal) => time.sleep(ms, actor, signal),
  };
  limitDisk(options.dataDir, () => host.is('diskFullUntil'));
  const store = openStore(databaseFile(options.dataDir));
  const log = {
    info: (line: string) => trace.say(actor.name, line),
    warn: (line: string) => trace.say(actor.name, `warning: ${line}`),
    group: <T>(_title: string, work: () => Promise<T>) => work(),
  };
  const context: AgentContext = {
    ...{ options, store, blobs, clock, log },
    runtime: host.servers.runtimeFor(actor),
    proxy: host.proxy.dataPlaneFor(actor),
    exchange: world.exchangeFor(host.index, actor),
    gpus: async () => ({ kind: 'none' }),
    certificate: undefined,
    audit: openAuditLog(options.dataDir, log),
    startedAt: clock.now(),
  };
  const agent = createAgent(context);
  let app: App | undefined;
  const watched = { clock, store, log };
  const live = async () => {
    moveOutOfFuture(watched);
    await agent.observeAndJudge().catch((thrown) => log.warn(messageOf(thrown)));
    app = createApp(agent);
    // It is ended by a kill and by nothing else.
    await runLoop(agent, createClockWatch(watched, time.elapsed), new AbortController().signal);
  };
  live().catch((thrown) => log.warn(`The agent ended: ${messageOf(thrown)}`));
  return { actor, agent, app: () => app };
}

function clearFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

const known = new Map<string, AgentOptions>();

function optionsOf({ setup }: HostWorld, index: number): AgentOptions {
  const name = setup.sameName ? 'localhost' : `serve-${index + 1}`;
  const flags = {
    'data-dir': join(WORLD_DISK, `host-${index + 1}`),
    'host-name': name,
    environment: ENVIRONMENT,
    repository: REPOSITORY,
    'tick-seconds': String(TIMES.tick),
    'heartbeat-seconds': String(TIMES.heartbeat),
    'start-timeout-seconds': '60',
  };
  const argv = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  const key = argv.join(' ');
  const options =
    known.get(key) ??
    readOptions(argv, {
      TRAINYARD_AGENT_TOKENS: `deployer ${TOKEN}`,
      TRAINYARD_AGENT_GITHUB_TOKEN: 'github-token',
      TRAINYARD_AGENT_DISPATCH_SECRET: DISPATCH_SECRET,
    });
  known.set(key, options);
  return options;
}
