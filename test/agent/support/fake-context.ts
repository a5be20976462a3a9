import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openAuditLog } from '../../../agent/audit/audit-log.ts';
import type { AgentContext } from '../../../agent/context.ts';
import { type ClusterCounters, NO_COUNTERS } from '../../../agent/envoy/cluster-counters.ts';
import type { TrafficPlan } from '../../../agent/envoy/traffic-plan.ts';
import type { GpuLook } from '../../../agent/machine/gpu-look.ts';
import { createExchange } from '../../../agent/machine/reach-out.ts';
import { type AgentOptions, databaseFile, readOptions } from '../../../agent/options/options.ts';
import type { Health, Launch, RuntimeHandle } from '../../../agent/runtimes/runtime.ts';
import { openBlobs } from '../../../agent/store/blobs.ts';
import { openStore } from '../../../agent/store/store.ts';
import { openCertificateBook } from '../../../agent/tls/certificate-book.ts';
import type { PackageManifest } from '../../../core/serving/package-manifest.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';

/** What the pretended outside world is like; tests change it, and read what was done to it. */
export type World = {
  now: number;
  /** Health of each instance by owner; absent is gone. */
  readonly running: Map<string, Health>;
  readonly starts: string[];
  /** What the runtime was asked to start, each time it was asked. */
  readonly launches: Launch[];
  readonly stops: string[];
  startFailure: Error | undefined;
  plan: TrafficPlan | undefined;
  proxyFailure: Error | undefined;
  isProxyFull?: boolean;
  gpus?: GpuLook;
  readonly counters: Map<string, ClusterCounters>;
  readonly log: string[];
};

export type FakeHost = {
  readonly world: World;
  readonly context: AgentContext;
  readonly folder: string;
  /** Opens the same folder anew, as an agent that was killed and started again would. */
  readonly reopen: () => AgentContext;
  /** The same with another agent in between, which has the folder alone during the work. */
  readonly leaveTo: (work: () => Promise<void>) => Promise<AgentContext>;
  readonly close: () => void;
};

/** An agent's surroundings with a real store and real blobs, and a pretended runtime, proxy and clock. */
export function openFakeHost(flags: Readonly<Record<string, string>> = {}): FakeHost {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const argv = Object.entries({ 'data-dir': folder, 'host-name': 'host-1', ...flags });
  const options = readOptions(
    argv.flatMap(([name, value]) => [`--${name}`, value]),
    {
      TRAINYARD_AGENT_TOKENS: Object.entries(TOKENS)
        .map((entry) => entry.join(' '))
        .join(','),
      TRAINYARD_AGENT_GITHUB_TOKEN: 'github-token',
      TRAINYARD_AGENT_DISPATCH_SECRET: 'dispatch-secret',
    },
  );
  const world: World = {
    now: Date.parse('2026-01-01T00:00:00Z'),
    running: new Map(),
    starts: [],
    launches: [],
    stops: [],
    startFailure: undefined,
    plan: undefined,
    proxyFailure: undefined,
    counters: new Map(),
    log: [],
  };
  let context = createContext(options, world);
  return {
    world,
    folder,
    get context() {
      return context;
    },
    reopen: () => {
      context.store.close();
      context = createContext(options, world);
      return context;
    },
    leaveTo: async (work) => {
      context.store.close();
      await work().finally(() => {
        context = createContext(options, world);
      });
      return context;
    },
    close: () => {
      context.store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function createContext(options: AgentOptions, world: World): AgentContext {
  const now = () => new Date(world.now).toISOString();
  const log: AgentContext['log'] = {
    info: (line) => void world.log.push(line),
    warn: (line) => void world.log.push(`warning: ${line}`),
    group: (_title, work) => work(),
  };
  return {
    options,
    store: openStore(databaseFile(options.dataDir)),
    blobs: openBlobs(join(options.dataDir, 'packages'), options),
    runtime: createFakeRuntime(world),
    proxy: {
      apply: async (plan) => {
        if (world.proxyFailure !== undefined) throw world.proxyFailure;
        world.plan = plan;
      },
      counters: async () => world.counters,
      userRequests: () => [],
      isHealthy: async () => world.proxyFailure === undefined,
      isFull: async () => world.isProxyFull ?? false,
      turnedAway: async () => 0,
      problem: () => world.proxyFailure?.message,
      process: () => undefined,
      stop: async () => undefined,
    },
    exchange: createExchange({}, undefined),
    gpus: async () => world.gpus ?? { kind: 'none' },
    certificate: options.tls && openCertificateBook(options.tls, log),
    audit: openAuditLog(options.dataDir, log),
    clock: {
      now,
      // As long as it takes for what is on its way to come; then the time has passed.
      wait: async (milliseconds, signal) => {
        await new Promise(setImmediate);
        signal?.throwIfAborted();
        world.now += milliseconds;
      },
      jumpMs: () => 0,
      adopt: () => undefined,
    },
    log,
    startedAt: now(),
  };
}

let nextPort = 10_000;

function createFakeRuntime(world: World): AgentContext['runtime'] {
  const ownerOf = (handle: RuntimeHandle) => {
    if (handle['owner'] === undefined) throw new Error('this is no handle');
    return String(handle['owner']);
  };
  return {
    kind: 'process',
    prepare: async ({ model, version }) => {
      const port = nextPort++;
      return { owner: `${model}/${version}/${port}`, port };
    },
    start: async (launch, handle) => {
      world.launches.push(launch);
      if (world.startFailure !== undefined) throw world.startFailure;
      if (!world.running.has(ownerOf(handle))) {
        world.starts.push(ownerOf(handle));
        world.running.set(ownerOf(handle), { kind: 'loading', detail: 'workers: none' });
      }
      return { ...handle, pid: 1, startTicks: '1' };
    },
    check: async (_model, handle) =>
      world.running.get(ownerOf(handle)) ?? { kind: 'gone', detail: 'the process has ended' },
    stop: async (handle) => {
      if (world.running.delete(ownerOf(handle))) world.stops.push(ownerOf(handle));
    },
    port: (handle) => Number(handle['port']),
    processes: async (handle) => [Number(handle['pid'])],
    sweep: async (known) => {
      const owners = new Set(known.map(ownerOf));
      const strays = [...world.running.keys()].filter((one) => !owners.has(one));
      for (const owner of strays) {
        world.running.delete(owner);
        world.stops.push(owner);
      }
      return strays;
    },
  };
}

/** Makes everything that runs answer. */
export function serveAll(world: World): void {
  for (const owner of world.running.keys()) world.running.set(owner, { kind: 'serving' });
}

/** Stores a package without golden examples; gives its manifest's digest. */
export async function storePackage(
  context: AgentContext,
  version: string,
  change: Partial<PackageManifest> = {},
): Promise<string> {
  const payload = await storeBlob(context, `model ${version}`);
  const manifest = { ...manifestOf(version, payload), ...change };
  return (await storeBlob(context, JSON.stringify(manifest))).digest;
}

/** The manifest of a package without golden examples. */
export function manifestOf(
  version: string,
  payload: { readonly digest: string; readonly size: number },
): PackageManifest {
  return {
    schema: 'trainyard.package/1',
    model: 'mnist',
    version,
    runId: 'run',
    modelDigest: `sha256:${'0'.repeat(64)}`,
    createdAt: '2026-01-01T00:00:00Z',
    format: 'pyfunc',
    payload: { kind: 'mar', file: 'model.mar', ...payload },
    serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 0, gpu: 'none', responseTimeoutSeconds: 10 },
  };
}

/** Stores a text as a blob. */
export async function storeBlob(
  { blobs }: AgentContext,
  text: string,
): Promise<{ digest: string; size: number }> {
  const bytes = Buffer.from(text);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const stored = await blobs.put(digest, Readable.from([bytes]));
  if (!stored.ok) throw new Error(JSON.stringify(stored.error));
  return { digest, size: bytes.byteLength };
}

/** Counters of a cluster that answered so many requests, so many of them badly. */
export function counted(requests: number, errors = 0): ClusterCounters {
  return {
    ...NO_COUNTERS,
    sent: requests,
    answered: requests,
    serverErrors: errors,
    latency: NO_COUNTERS.latency.with(10, requests),
  };
}

/** An HTTP server in the place of the proxy, answering golden replays. */
export async function startPredictor(
  answer: (inputs: unknown) => unknown,
): Promise<{ readonly endpoint: string; readonly close: () => void }> {
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    response.end(JSON.stringify({ predictions: answer(JSON.parse(Buffer.concat(chunks).toString())) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
