import { formatNumber } from '../../gate/format-value.ts';
import { judgeLatency, REQUESTS_PER_BOUND, requestsToTime } from '../../gate/judge/latency.ts';
import type { GateRule, LatencyRule } from '../../gate/rules/rule.ts';
import { sayRule } from '../../gate/rules/say-rule.ts';
import { quantileOf } from '../../statistics/intervals/quantile-bound.ts';
import type { BatchSearch, BatchTimes } from './batch-search.ts';
import { LARGEST_BATCH, SEARCH_SECONDS } from './search-bounds.ts';

/** Without a rule on latency: a larger batch has to answer so many times the requests per second of the smaller one. */
const GAIN = 1.1;
/** With rules on latency: sizes that answer this share of the most requests per second differ by chance, and the smallest is taken. */
const ALIKE = 0.95;

/** How the sizes of batches are to be measured. */
export type BatchPlan = {
  readonly largest: number;
  readonly seconds: number;
  /** Batches of each size: so many, and fewer only where time is short, but not less than `fewest`. */
  readonly batches: number;
  readonly fewest: number;
  /** A size whose median batch takes longer than this, in ms, is the last one: it and all larger ones break a rule. */
  readonly limitMs?: number;
};

/** What is to be measured for a choice under these rules. */
export function planBatches(rules: readonly GateRule[], maxBatchDelayMs: number): BatchPlan {
  const batches = requestsToTime(rules);
  const limits = rules.filter(isLatencyRule).map(({ atMostMs }) => atMostMs);
  const plan = {
    ...{ largest: LARGEST_BATCH, seconds: SEARCH_SECONDS },
    ...{ batches, fewest: Math.ceil(batches / REQUESTS_PER_BOUND) },
  };
  // Rules are of the median or of what is above it.
  return limits.length === 0
    ? plan
    : { ...plan, limitMs: Math.max(0, Math.min(...limits) - maxBatchDelayMs) };
}

type Row = BatchSearch['sizes'][number];

/**
 * The batch size for `serving.batch-size: auto`. With rules on latency among `rules`: of the sizes that meet them all, judged as the gate
 * judges them, on the time of a batch with the longest wait for it to fill (a batch of one waits for nobody), the smallest that answers 95%
 * of the most requests per second. Without: from 1 upwards each size that answers 10% more of them than the one taken before. 1 where the
 * model can't answer in batches, and where no size meets the rules.
 */
export function chooseBatchSize(
  times: BatchTimes,
  rules: readonly GateRule[],
  maxBatchDelayMs: number,
): { readonly size: number; readonly search: BatchSearch } {
  const latency = rules.filter(isLatencyRule);
  const sizes = times.sizes.map((one) => describeSize(one, latency, maxBatchDelayMs));
  const { size, why } = choose(sizes, times.ended, { latency, maxBatchDelayMs });
  const { machine, ended } = times;
  return { size, search: { why, machine, sizes, ...(ended && { ended }) } };
}

function isLatencyRule(rule: GateRule): rule is LatencyRule {
  return rule.kind === 'latency';
}

function describeSize(
  { size, batchMs }: BatchTimes['sizes'][number],
  latency: readonly LatencyRule[],
  maxBatchDelayMs: number,
): Row {
  const sorted = Float64Array.from(batchMs).sort();
  const seconds = sorted.reduce((sum, one) => sum + one, 0) / 1_000;
  const waited = batchMs.map((one) => one + waitOf(size, maxBatchDelayMs));
  return {
    size,
    batches: batchMs.length,
    medianMs: quantileOf(sorted, 0.5),
    p99Ms: quantileOf(sorted, 0.99),
    requestsPerSecond: (size * batchMs.length) / seconds,
    ...(latency.length > 0 && {
      meetsLatency: latency.every((rule) => judgeLatency(rule, waited).verdict === 'pass'),
    }),
  };
}

/** A worker takes a batch as soon as it is full: one request is. */
function waitOf(size: number, maxBatchDelayMs: number): number {
  return size === 1 ? 0 : maxBatchDelayMs;
}

type Rules = { readonly latency: readonly LatencyRule[]; readonly maxBatchDelayMs: number };
type Choice = { readonly size: number; readonly why: string };

function choose(sizes: readonly Row[], ended: BatchTimes['ended'], rules: Rules): Choice {
  if (ended !== undefined && !isEndOfSearchOnly(ended)) return { size: 1, why: ended.message };
  const { size, why } = rules.latency.length === 0 ? chooseByGain(sizes) : chooseByLatency(sizes, rules);
  return { size, why: ended === undefined ? why : `${why} ${ended.message}` };
}

function isEndOfSearchOnly({ why }: NonNullable<BatchTimes['ended']>): boolean {
  return why === 'time' || why === 'memory' || why === 'limit';
}

function chooseByGain(sizes: readonly Row[]): Choice {
  const taken = sizes.reduce<Row | undefined>(
    (best, row) =>
      best === undefined || row.requestsPerSecond >= GAIN * best.requestsPerSecond ? row : best,
    undefined,
  );
  return {
    size: taken?.size ?? 1,
    why: 'The gate has no rule on latency: a larger batch is taken where it answers at least 10% more requests per second.',
  };
}

function chooseByLatency(sizes: readonly Row[], { latency, maxBatchDelayMs }: Rules): Choice {
  const needs = latency.map((rule) => `${sayRule(rule).metric} ${sayRule(rule).need}`).join(' and ');
  const wait = `${formatNumber(maxBatchDelayMs)} ms`;
  const met = sizes.filter(({ meetsLatency }) => meetsLatency);
  const most = Math.max(...met.map(({ requestsPerSecond }) => requestsPerSecond));
  const best = met.find(({ requestsPerSecond }) => requestsPerSecond >= ALIKE * most);
  if (best !== undefined && met.some(({ size }) => size > 1)) {
    const why = `Of the sizes that meet ${needs} with a wait of ${wait} it is the smallest that answers 95% of the most requests per second.`;
    return { size: best.size, why };
  }
  const why = latency.some(({ atMostMs }) => maxBatchDelayMs >= atMostMs)
    ? `The wait for a batch to fill (serving.max-batch-delay, ${wait}) takes up ${needs} by itself: shorten it.`
    : `No larger batch was shown to meet ${needs} with a wait of ${wait} (serving.max-batch-delay).`;
  return { size: 1, why };
}
