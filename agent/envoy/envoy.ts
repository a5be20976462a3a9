import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import { exchangeHttp } from '../machine/exchange-http.ts';
import { isRunning, type ProcessHandle, spawnOrAdopt, stopSession } from '../runtimes/process/handle.ts';
import { type ClusterCounters, COUNTERS_PAGE, parseCounters } from './cluster-counters.ts';
import { adminSocket, buildBootstrap } from './config/bootstrap.ts';
import { buildClusters, type ClusterSettings } from './config/clusters.ts';
import type { Discovery } from './config/discovery.ts';
import { buildListeners, type ListenerSettings } from './config/listeners.ts';
import { buildRoutes, type RouteSettings } from './config/routes.ts';
import type { TrafficPlan } from './traffic-plan.ts';

/** Envoy takes up a changed file within milliseconds; after this long it has refused it, in ms. */
const TAKE_UP_TIMEOUT_MS = 10_000;
const TAKE_UP_POLL_MS = 20;
const STOP_GRACE_MS = 2_000;
const ADMIN_TIMEOUT_MS = 5_000;
/** Any page of statistics; this one is empty. */
const FLUSH_PAGE = '/stats?filter=^$';
/** What the threads need to hand in their histograms, in ms. */
const HAND_IN_MS = 20;

const VERSION_STATS = {
  'lds.json': 'listener_manager.lds.version_text',
  'cds.json': 'cluster_manager.cds.version_text',
  'rds.json': 'http.predictions.rds.predictions.version_text',
} as const;
type DiscoveryFile = keyof typeof VERSION_STATS;

/** The data plane. It keeps answering while the agent is down, and is found again when the agent is back. */
export type DataPlane = {
  /**
   * Makes the proxy run on this plan and waits until it does: clusters before the routes that name them. Starts it when it is
   * not running. Rejects when it does not take the plan up.
   */
  readonly apply: (plan: TrafficPlan) => Promise<void>;
  readonly counters: () => Promise<ReadonlyMap<string, ClusterCounters>>;
  readonly isHealthy: () => Promise<boolean>;
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
  /** The plan this very process is known to run on. */
  let applied = '';
  const socket = adminSocket(options.folder);
  const apply = async (plan: TrafficPlan) => {
    const wanted = JSON.stringify(plan);
    if (wanted === applied && handle !== undefined && isRunning(handle)) return;
    applied = '';
    const clusters = buildClusters(plan, options);
    const routes = buildRoutes(plan, options);
    writeDiscovery(options.folder, 'lds.json', buildListeners(options));
    writeDiscovery(options.folder, 'cds.json', clusters);
    if (handle === undefined || !isRunning(handle)) {
      writeDiscovery(options.folder, 'rds.json', routes);
      handle = await start(options);
    }
    await awaitVersion(options, handle, { file: 'cds.json', version: clusters.version });
    writeDiscovery(options.folder, 'rds.json', routes);
    await awaitVersion(options, handle, { file: 'rds.json', version: routes.version });
    applied = wanted;
  };
  return {
    apply,
    counters: () => readCounters(socket),
    isHealthy: async () => {
      if (handle === undefined || !isRunning(handle)) return false;
      return (await readAdmin(socket, '/ready').catch(() => '')).startsWith('LIVE');
    },
    process: () => (handle !== undefined && isRunning(handle) ? handle : undefined),
    stop: async () => {
      if (handle !== undefined) await stopSession(handle, STOP_GRACE_MS);
    },
  };
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

async function start(options: EnvoyOptions): Promise<ProcessHandle> {
  const { folder, binary, threads, owner } = options;
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
    ],
    cwd: folder,
    env: {},
    logFile: join(folder, 'envoy.log'),
    owner,
  });
}

function writeDiscovery(folder: string, file: DiscoveryFile, discovery: Discovery): void {
  const path = join(folder, file);
  if (readText(path) !== discovery.text) writeAtomically(path, discovery.text);
}

async function awaitVersion(
  options: EnvoyOptions,
  handle: ProcessHandle,
  { file, version }: { readonly file: DiscoveryFile; readonly version: string },
): Promise<void> {
  const stat = VERSION_STATS[file];
  const wanted = `${stat}: "${version}"`;
  const deadline = Date.now() + TAKE_UP_TIMEOUT_MS;
  let last = 'it has not answered yet';
  while (Date.now() < deadline && isRunning(handle)) {
    try {
      last = await readAdmin(adminSocket(options.folder), '/stats?filter=version_text');
      if (last.includes(wanted)) return;
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

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Reads one page of Envoy's admin interface over its Unix socket. Rejects when it does not answer 200 in time. */
async function readAdmin(socketPath: string, path: string): Promise<string> {
  const url = `http://envoy${path}`;
  const { status, text } = await exchangeHttp({ url, socketPath, timeoutMs: ADMIN_TIMEOUT_MS });
  if (status === 200) return text;
  throw new Error(`Envoy answered ${status} at ${path}: ${text.slice(0, 200)}`);
}

/** Writes a file so that a reader sees the old content or the new, never a part: a temporary file beside it, then a rename. */
function writeAtomically(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.new`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}
