import type { Config } from '../../core/config/config.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/gate/format-value.ts';
import type { Log } from '../../core/ports.ts';
import type { PackageOutput, PythonRuntime } from '../../core/python-port.ts';
import type { Block, Column } from '../../core/report/report.ts';
import type { BatchSearch } from '../../core/serving/batching/batch-search.ts';
import { chooseBatchSize, planBatches } from '../../core/serving/batching/choose-batch-size.ts';

/** A package before its batch size is known. */
type Unsized = Pick<PackageOutput, 'manifestDigest' | 'sizeBytes'> & { readonly folder: string };

/** A batch size that was found, how, and the package whose manifest says so. */
export type FoundBatchSize = {
  readonly size: number;
  readonly search: BatchSearch;
  readonly written: Pick<PackageOutput, 'manifestDigest' | 'sizeBytes'>;
};

export type BatchPorts = {
  readonly log: Log;
  readonly python: Pick<PythonRuntime, 'measureBatches'>;
  /** Has the manifest of the package, which still has its digest, name a batch size and how it was found. */
  readonly writeBatching: (
    built: Unsized,
    size: number,
    search: BatchSearch,
  ) => Promise<FoundBatchSize['written']>;
};

/** Finds the batch size of a package where it is `auto`, and writes it into its manifest; else nothing. */
export async function findBatchSize(
  { gate, serving }: Pick<Config, 'gate' | 'serving'>,
  built: Unsized,
  { log, python, writeBatching }: BatchPorts,
): Promise<FoundBatchSize | undefined> {
  const { batchSize, maxBatchDelayMs, gpu } = serving.settings;
  if (batchSize !== 'auto') return undefined;
  const plan = planBatches(gate, maxBatchDelayMs);
  const title = `Measuring batches of up to ${plan.largest}, for ${plan.seconds} s at most`;
  const times = await log.group(title, () => python.measureBatches(built.folder, plan, gpu));
  const { size, search } = chooseBatchSize(times, gate, maxBatchDelayMs);
  return { size, search, written: await writeBatching(built, size, search) };
}

/** The batch size for people: why it is that, and what was measured where. */
export function describeBatchSize({ size, search }: FoundBatchSize): readonly Block[] {
  const { why, machine, sizes } = search;
  const { processor, cores, memoryBytes, gpu } = machine;
  const place = gpu ?? `${processor}, ${formatCount(cores)} cores, ${formatBytes(memoryBytes)}`;
  const isJudged = sizes.some(({ meetsLatency }) => meetsLatency !== undefined);
  const numbers: readonly Column[] = ['batch size', 'batches', 'median', 'p99', 'requests per second'].map(
    (title) => ({ title, align: 'right' }),
  );
  const rows = sizes.map((one) => [
    ...[String(one.size), formatCount(one.batches), `${formatNumber(one.medianMs)} ms`],
    ...[`${formatNumber(one.p99Ms)} ms`, formatNumber(one.requestsPerSecond)],
    ...(isJudged ? [one.meetsLatency === true ? 'yes' : 'no'] : []),
  ]);
  const columns = isJudged ? [...numbers, 'meets the rules on latency'] : numbers;
  return [
    {
      kind: 'paragraph',
      text: [{ kind: 'strong', text: `Batch size ${size}.` }, ` ${why} Measured of one worker on: ${place}.`],
    },
    ...(rows.length === 0 ? [] : [{ kind: 'table', columns, rows } as const]),
  ];
}
