import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import { portTaken } from '../machine/check-port.ts';
import { writeAtomically } from '../machine/write-atomically.ts';
import { isRunning, type ProcessHandle, spawnOrAdopt, stopSession } from '../runtimes/process/handle.ts';
import { type ClusterCounters, COUNTERS_PAGE, parseCounters } from './cluster-counters.ts';
import { adminSocket, buildBootstrap } from './config/bootstrap.ts';
import { buildClusters, type ClusterSettings } from './config/clusters.ts';
import type { Discovery } from './config/discovery.ts';
import { buildListeners, type ListenerSettings } from './config/listeners.ts';
import type { RouteSettings } from './config/prediction-routes.ts';
import { buildRoutes } from './config/routes.ts';
import { readAdmin } from './read-admin.ts';
import type { TrafficPlan } from './traffic-plan.ts';
import { createTurnedAway, isFull } from './turned-away.ts';
import { createUserLog, type UserRequest } from './user-log.ts';

/** Envoy takes up a changed file within milliseconds; after this long it has refused it, in ms. */
const TAKE_UP_TIMEOUT_MS = 10_000;
const TAKE_UP_POLL_MS = 20;
const STOP_GRACE_MS = 2_000;
/** What is written of users is in their file after so long, in ms. */
const FLUSH_INTERVAL_MS = 1_000;
/** Any page of statistics; this one is empty. */
const FLUSH_PAGE = '/stats?filter=^$';
/** What the threads need to hand in their histograms, in ms. */
const HAND_IN_MS = 20;

/** Statistics of each document: the version that Envoy runs on, and how often it refused one. */
const STATS = {
  'lds.json': 'listener_manager.lds',
  'cds.json': 'cluster_manager.cds',
  'rds.json': 'http.predictions.rds.predictions',
} as const;
type DiscoveryFile = keyof typeof STATS;
const STATS_PAGE = '/stats?filter=(version_text|update_rejected)$';

/** The data plane. It keeps answering while the agent is down, and is found again when the agent is back. */
export type DataPlane = {
  /**
   * Makes the proxy run on this plan and waits until it does: clusters before the routes that name them. Starts it when it is
   * not running. Rejects when it does not take the plan up.
   */
  readonly apply: (plan: TrafficPlan) => Promise<void>;
  readonly counters: () => Promise<ReadonlyMap<string, ClusterCounters>>;
  /** What came of the requests of users since this was asked last; nothing where versions are not chosen by user. */
  readonly userRequests: () => readonly UserRequest[];
  /** Whether it takes requests on its address now. */
  readonly isHealthy: () => Promise<boolean>;
  /** Whether as many connections are open as it takes, so that the next one is turned away. */
  readonly isFull: () => Promise<boolean>;
  /** How many connections it has lately turned away, as many being open as it takes in all or of one client. */
  readonly turnedAway: () => Promise<number>;
  /** Why it does not run on the plan it was given last; `undefined` when it does. */
  readonly problem: () => string | undefined;
  readonly process: () => ProcessHandle | undefined;
  readonly stop: () => Promise<void>;
};

type EnvoyOptions = ListenerSettings &
  ClusterSettings &
  RouteSettings & {
    readonly binary: string;
    readonly threads: number;
    /** Unique name of this agent's Envoy process. */
    readonly owner: string;
  };

/** Envoy with file-based discovery, in a session of its own. */
export function createEnvoy(options: EnvoyOptions): DataPlane {
  let handle: ProcessHandle | undefined;
  /** The plan this very process is known to run on, and its text. */
  let applied: { readonly plan: TrafficPlan; readonly text: string } | undefined;
  let problem: string | undefined;
  const socket = adminSocket(options.folder);
  const running = () => (handle !== undefined && isRunning(handle) ? handle : undefined);
  const apply = async (plan: TrafficPlan) => {
    const text = applied?.plan === plan ? applied.text : JSON.stringify(plan);
    if (text === applied?.text && running() !== undefined) return;
    applied = undefined;
    const documents = buildDocuments(options, plan);
    handle = running() ?? (await start(options, documents));
    await takeUp(options, handle, documents);
    applied = { plan, text };
  };
  return {
    apply: async (plan) => {
      try {
        await apply(plan);
        problem = undefined;
      } catch (thrown) {
        problem = messageOf(thrown);
        throw thrown;
      }
    },
    counters: () => readCounters(socket),
    userRequests: options.stickyHeader === undefined ? () => [] : createUserLog(options.folder),
    isHealthy: async () => running() !== undefined && (await listens(socket).catch(() => false)),
    isFull: () => isFull(socket),
    turnedAway: createTurnedAway(socket),
    problem: () => problem,
    process: running,
    stop: async () => {
      if (handle !== undefined) await stopSession(handle, STOP_GRACE_MS);
    },
  };
}

type Document = Discovery & { readonly file: DiscoveryFile };
type Documents = Readonly<Record<'listeners' | 'clusters' | 'routes', Document>>;

function buildDocuments(options: EnvoyOptions, plan: TrafficPlan): Documents {
  return {
    listeners: { file: 'lds.json', ...buildListeners(options) },
    clusters: { file: 'cds.json', ...buildClusters(plan, options) },
    routes: { file: 'rds.json', ...buildRoutes(plan, options) },
  };
}

/** Clusters before the routes that name them; Envoy asks for routes once it has a listener. */
async function takeUp(
  options: EnvoyOptions,
  handle: ProcessHandle,
  { listeners, clusters, routes }: Documents,
): Promise<void> {
  writeDocument(options.folder, clusters);
  await awaitVersion(options, handle, { document: clusters });
  writeDocument(options.folder, routes);
  await awaitListener(options, handle, listeners);
  await awaitVersion(options, handle, { document: routes });
}

/** Envoy tries once to listen, when it reads how; where it could not, it is made to read that again. */
async function awaitListener(
  options: EnvoyOptions,
  handle: ProcessHandle,
  document: Document,
): Promise<void> {
  const { folder, address, port } = options;
  writeDocument(folder, document);
  const text = await readAdmin(adminSocket(folder), STATS_PAGE);
  if (text.includes(versionStat(document))) return;
  const refused = rejections(text, document.file);
  if (refused > 0) writeAtomically(join(folder, document.file), document.text);
  try {
    await awaitVersion(options, handle, { document, refused });
  } catch (cause) {
    if (!messageOf(cause).includes('cannot bind')) throw cause;
    throw portTaken({ address, port, what: 'The proxy', option: '--data-plane' }, cause);
  }
}

/** Whether it is ready, and has a listener. */
async function listens(socket: string): Promise<boolean> {
  const [ready, listeners] = [await readAdmin(socket, '/ready'), await readAdmin(socket, '/listeners')];
  return ready.startsWith('LIVE') && listeners.trim() !== '';
}

/**
 * Asking Envoy for statistics makes its threads hand in their histograms, which then show at the next question only: so it is
 * asked twice, or latencies would lag behind the requests they belong to.
 */
async function readCounters(socket: string): Promise<ReadonlyMap<string, ClusterCounters>> {
  await readAdmin(socket, FLUSH_PAGE);
  await sleep(HAND_IN_MS);
  return parseCounters(await readAdmin(socket, COUNTERS_PAGE));
}

async function start(options: EnvoyOptions, documents: Documents): Promise<ProcessHandle> {
  const { folder, binary, threads, owner } = options;
  for (const document of Object.values(documents)) writeDocument(folder, document);
  const bootstrap = join(folder, 'bootstrap.json');
  writeAtomically(bootstrap, buildBootstrap(options));
  return spawnOrAdopt({
    argv: [
      binary,
      '-c',
      bootstrap,
      '--disable-hot-restart',
      '--concurrency',
      String(threads),
      '--log-level',
      'warning',
      '--file-flush-interval-msec',
      String(FLUSH_INTERVAL_MS),
    ],
    cwd: folder,
    env: {},
    logFile: join(folder, 'envoy.log'),
    owner,
  });
}

function writeDocument(folder: string, { file, text }: Document): void {
  const path = join(folder, file);
  if (readText(path) !== text) writeAtomically(path, text);
}

/** Waits until Envoy runs on a document. Rejects when it does not in time, or has refused more than `refused` of its kind. */
async function awaitVersion(
  options: EnvoyOptions,
  handle: ProcessHandle,
  { document, refused = Infinity }: { readonly document: Document; readonly refused?: number },
): Promise<void> {
  const { file } = document;
  let last = 'it has not answered yet';
  for (let waitedMs = 0; waitedMs < TAKE_UP_TIMEOUT_MS && isRunning(handle); waitedMs += TAKE_UP_POLL_MS) {
    try {
      last = await readAdmin(adminSocket(options.folder), STATS_PAGE);
      if (last.includes(versionStat(document))) return;
      if (rejections(last, file) > refused) break;
    } catch (thrown) {
      last = messageOf(thrown);
    }
    await sleep(TAKE_UP_POLL_MS);
  }
  const log = (readText(join(options.folder, 'envoy.log')) ?? '').trim().split('\n').slice(-3).join(' | ');
  throw new Error(
    `Envoy did not take up ${file} (${last.trim().replaceAll('\n', ', ')}). Its log ends: ${log}`,
  );
}

function versionStat({ file, version }: Document): string {
  return `${STATS[file]}.version_text: "${version}"`;
}

function rejections(statistics: string, file: DiscoveryFile): number {
  const name = `${STATS[file]}.update_rejected: `;
  const line = statistics.split('\n').find((one) => one.startsWith(name));
  return Number(line?.slice(name.length) ?? 0);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
