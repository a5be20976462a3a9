import { formatCount, formatPercent } from '../../../report/format-number.ts';
import type { AgentState, Instance } from '../../api.ts';
import { cell, columns, type Fact, type TableView, type Tone } from './view.ts';
import { NOTHING_KNOWN, sayAgo, sayBytes } from './words.ts';

/** Less of a disk than this is little, and less than that is as good as none. */
const LITTLE_SHARE = 0.1;
const NO_SHARE = 0.02;

const STATE_TONES: Readonly<Record<Instance['state'], Tone>> = {
  ready: 'good',
  starting: 'warn',
  draining: 'warn',
  failed: 'bad',
  stopped: 'plain',
};

/** What is known of the host itself. */
export function viewHost(state: AgentState, nowMs: number): readonly Fact[] {
  const { dataPlane, outbox, startedAt, agentVersion, runtime, disk } = state;
  const oldest = outbox.oldest === undefined ? '' : `, the oldest ${sayAgo(outbox.oldest, nowMs)}`;
  return [
    {
      name: 'Predictions',
      text: `${dataPlane.address}, ${dataPlane.healthy ? 'proxy up' : 'proxy down'}`,
      tone: dataPlane.healthy ? 'good' : 'bad',
    },
    ...(disk === undefined ? [] : [viewDisk(disk)]),
    ...viewGpu(state.gpu),
    {
      name: 'Reports waiting',
      text: `${formatCount(outbox.pending)}${oldest}`,
      tone: outbox.pending > 0 ? 'warn' : 'plain',
    },
    {
      name: 'Agent',
      text: `${agentVersion}, runtime ${runtime}, started ${sayAgo(startedAt, nowMs)}`,
      tone: 'plain',
    },
    ...viewPackages(state.packages),
  ];
}

function viewPackages(packages: AgentState['packages']): readonly Fact[] {
  if (packages === undefined) return [];
  const isAny = packages === 'any';
  const text = isAny ? 'any is served, signed or not' : 'only what is signed is served';
  return [{ name: 'Packages', text, tone: isAny ? 'warn' : 'plain' }];
}

function viewDisk(disk: NonNullable<AgentState['disk']>): Fact {
  const { freeBytes, sizeBytes } = disk;
  const share = sizeBytes > 0 ? freeBytes / sizeBytes : 0;
  const text = `${sayBytes(freeBytes)} free of ${sayBytes(sizeBytes)} (${formatPercent(share)})`;
  return { name: 'Disk', text, tone: toneOfDisk(disk) };
}

/** How bad it is that so little of a disk is free. */
export function toneOfDisk({ freeBytes, sizeBytes }: NonNullable<AgentState['disk']>): Tone {
  const share = sizeBytes > 0 ? freeBytes / sizeBytes : 0;
  if (share < NO_SHARE) return 'bad';
  return share < LITTLE_SHARE ? 'warn' : 'plain';
}

function viewGpu(gpu: AgentState['gpu']): readonly Fact[] {
  if (gpu === undefined) return [];
  if (gpu.kind === 'none') return [{ name: 'GPU', text: 'no GPU', tone: 'plain' }];
  if (gpu.kind === 'unknown') return [{ name: 'GPU', text: `not known: ${gpu.why}`, tone: 'warn' }];
  return gpu.gpus.map((one) => ({
    name: `GPU ${one.index}`,
    text: `${sayBytes(one.usedBytes)} of ${sayBytes(one.totalBytes)} in use`,
    tone: isGpuFull(one) ? 'bad' : 'plain',
  }));
}

/** Whether so little is left of a GPU that the next version or a larger batch finds none. */
export function isGpuFull({
  usedBytes,
  totalBytes,
}: {
  readonly usedBytes: number;
  readonly totalBytes: number;
}): boolean {
  return totalBytes > 0 && (totalBytes - usedBytes) / totalBytes < NO_SHARE;
}

/** Every version on the host, with what it says of itself. */
export function viewInstances({ instances, gpu }: AgentState, nowMs: number): TableView {
  return {
    caption: 'Versions on this host',
    columns: columns('Version', 'Model', 'State', 'Since', '#GPU memory', 'Message'),
    rows: instances.map(({ model, version, state, since, code, message }) => [
      cell(`v${version}`),
      cell(model),
      cell(state, STATE_TONES[state]),
      cell(sayAgo(since, nowMs)),
      cell(sayGpu(gpu, { model, version })),
      cell(message === undefined ? '' : code === undefined ? message : `${code}: ${message}`),
    ]),
    empty: 'No version was ever started here.',
  };
}

/** What is not known of a version's memory is no 0. */
function sayGpu(gpu: AgentState['gpu'], of: Pick<Instance, 'model' | 'version'>): string {
  if (gpu === undefined || gpu.kind === 'unknown') return NOTHING_KNOWN;
  if (gpu.kind === 'none') return 'no GPU';
  const held = gpu.versions.find(({ model, version }) => model === of.model && version === of.version);
  return held?.bytes === undefined ? NOTHING_KNOWN : sayBytes(held.bytes);
}
