import { epochMs } from '../../core/instant.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import { VERSION } from '../../core/version.ts';
import type { AgentContext } from '../context.ts';
import { describeGpu } from '../instances/describe-gpu.ts';
import { listWarnings } from '../list-warnings.ts';
import type { SamplesOf, ServedSample } from './table.ts';

type OfHost =
  | 'agent'
  | 'warning'
  | 'outboxPending'
  | 'outboxOldest'
  | 'proxy'
  | 'clockJump'
  | 'diskSize'
  | 'diskFree'
  | 'diskReserve'
  | `gpu${'Size' | 'Used' | 'OfVersion'}`
  | 'started'
  | 'cpu'
  | 'memory'
  | 'heap';

/** How the host and the agent itself are. */
export async function readHost(context: AgentContext): Promise<SamplesOf<OfHost>> {
  const { store, proxy, clock, blobs, runtime, options } = context;
  const { count, oldest } = store.outbox.pending();
  const found = new Set((await listWarnings(context)).map(({ code }) => code));
  const { heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const [disk, gpu] = [await blobs.disk(), await describeGpu(context)];
  return {
    agent: [{ labels: { version: VERSION, runtime: runtime.kind }, value: 1 }],
    warning: Object.values(HOST_WARNINGS).map((code) => ({
      labels: { code },
      value: found.has(code) ? 1 : 0,
    })),
    outboxPending: one(count),
    outboxOldest: oldest === undefined ? [] : one(epochMs(oldest) / 1_000),
    proxy: one(proxy.process() === undefined ? 0 : 1),
    clockJump: one(clock.jumpMs() / 1_000),
    diskSize: one(disk.sizeBytes),
    diskFree: one(disk.freeBytes),
    ...readGpu(gpu),
    diskReserve: one(options.reserveBytes),
    started: one(epochMs(context.startedAt) / 1_000),
    cpu: one((user + system) / 1e6),
    memory: one(rss),
    heap: one(heapUsed),
  };
}

/** Nothing at all of what is not known: 0 would be a measurement. */
function readGpu(
  gpu: Awaited<ReturnType<typeof describeGpu>>,
): SamplesOf<`gpu${'Size' | 'Used' | 'OfVersion'}`> {
  if (gpu.kind !== 'seen') return { gpuSize: [], gpuUsed: [], gpuOfVersion: [] };
  const { gpus, versions } = gpu;
  return {
    gpuSize: gpus.map(({ index, totalBytes }) => ({ labels: { gpu: String(index) }, value: totalBytes })),
    gpuUsed: gpus.map(({ index, usedBytes }) => ({ labels: { gpu: String(index) }, value: usedBytes })),
    gpuOfVersion: versions.flatMap(({ model, version, bytes }) =>
      bytes === undefined ? [] : [{ labels: { model, version }, value: bytes }],
    ),
  };
}

function one(value: number): readonly ServedSample[] {
  return [{ labels: {}, value }];
}
