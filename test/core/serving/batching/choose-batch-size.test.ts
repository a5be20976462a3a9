import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GateRule, LatencyRule } from '../../../../core/gate/rules/rule.ts';
import { type BatchTimes, batchSearchSchema } from '../../../../core/serving/batching/batch-search.ts';
import { chooseBatchSize, planBatches } from '../../../../core/serving/batching/choose-batch-size.ts';

const SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
const machine = { processor: 'a processor', cores: 4, memoryBytes: 8e9 };
const P95: LatencyRule = { kind: 'latency', quantile: 0.95, atMostMs: 50 };

/** Sizes from 1 on whose batches all take these times. */
function steady(milliseconds: readonly number[], ended?: BatchTimes['ended']): BatchTimes {
  const sizes = milliseconds.map((one, index) => ({
    size: 2 ** index,
    batchMs: Array.from({ length: 60 }, () => one),
  }));
  return { machine, sizes, ...(ended && { ended }) };
}

/** P(Binomial(n, p) <= k), term by term. */
function binomialAtMost(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = 0;
  for (let hits = 0; hits <= k; hits += 1) {
    sum += term;
    term *= ((n - hits) / (hits + 1)) * (p / (1 - p));
  }
  return sum;
}

/** Whether a rule is met with 95%: by the first order statistic that is above its quantile so often. */
function isMet({ quantile, atMostMs }: LatencyRule, milliseconds: readonly number[]): boolean {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const rank = sorted.findIndex((_, index) => binomialAtMost(index, sorted.length, quantile) >= 0.95);
  return rank >= 0 && (sorted[rank] ?? Number.POSITIVE_INFINITY) <= atMostMs;
}

type Candidate = { readonly size: number; readonly rate: number };

function rateOf({ size, batchMs }: BatchTimes['sizes'][number]): number {
  return (size * batchMs.length * 1_000) / batchMs.toSorted((a, b) => a - b).reduce((a, b) => a + b, 0);
}

/** The smallest candidate that no other beats by more than 5%. */
function bestByRules({ sizes }: BatchTimes, rules: readonly LatencyRule[], delay: number): number {
  const met = sizes.filter(({ size, batchMs }) =>
    rules.every((rule) =>
      isMet(
        rule,
        batchMs.map((one) => (size === 1 ? one : one + delay)),
      ),
    ),
  );
  const candidates = met.map((one) => ({ size: one.size, rate: rateOf(one) }));
  const isUnbeaten = (one: Candidate) => candidates.every((other) => other.rate * 0.95 <= one.rate);
  return Math.min(
    ...candidates.filter(isUnbeaten).map(({ size }) => size),
    candidates.length === 0 ? 1 : Infinity,
  );
}

/** The end of the one chain of sizes, of all 2^n, each of which gains 10% on the one before while none that was passed over does. */
function bestByGain({ sizes }: BatchTimes): number {
  const all = sizes.map((one) => ({ size: one.size, rate: rateOf(one) }));
  const chains = Array.from({ length: 2 ** all.length }, (_, bits) =>
    all.filter((_one, index) => (bits >> index) % 2 === 1),
  );
  const gains = (a: Candidate, b: Candidate) => b.rate >= 1.1 * a.rate;
  const isRight = (chain: readonly Candidate[]) =>
    chain[0] === all[0] &&
    chain.every((one, place) => {
      const next = chain[place + 1];
      const between = all.filter(
        ({ size }) => size > one.size && size < (next?.size ?? Number.POSITIVE_INFINITY),
      );
      return (next === undefined || gains(one, next)) && between.every((other) => !gains(one, other));
    });
  const right = chains.filter((chain) => chain.length > 0 && isRight(chain));
  expect(right).toHaveLength(1);
  return right[0]?.at(-1)?.size ?? 1;
}

const anyTimes = fc
  .array(
    fc.record({
      base: fc.double({ min: 0.5, max: 60, noNaN: true }),
      spread: fc.array(fc.double({ min: 0.01, max: 20, noNaN: true }), { minLength: 20, maxLength: 320 }),
    }),
    { minLength: 1, maxLength: SIZES.length },
  )
  .map((drawn): BatchTimes => {
    const sizes = drawn.map(({ base, spread }, index) => ({
      size: SIZES[index] ?? 1,
      batchMs: spread.map((one) => base + one),
    }));
    return { machine, sizes };
  });
const anyRule = fc.record({
  kind: fc.constant('latency' as const),
  quantile: fc.constantFrom<LatencyRule['quantile'][]>(0.5, 0.95, 0.99),
  atMostMs: fc.integer({ min: 5, max: 90 }),
});

describe('the size that is chosen', () => {
  test('under rules on latency is the smallest of those that meet them and are about as fast as any, by brute force', () => {
    const rules = fc.array(anyRule, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(anyTimes, rules, fc.integer({ min: 0, max: 20 }), (times, latency, delay) => {
        const size: GateRule = { kind: 'size', atMostBytes: 1 };
        expect(chooseBatchSize(times, [size, ...latency], delay).size).toBe(
          bestByRules(times, latency, delay),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('without one is the last that gained 10% on the one before, by brute force', () => {
    fc.assert(
      fc.property(anyTimes, (times) => {
        expect(chooseBatchSize(times, [], 50).size).toBe(bestByGain(times));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['the batch and its wait within the limit', [10, 12, 16, 30, 60], 10, 8],
    ['a batch of one waits for nobody', [40, 45, 50], 20, 1],
    ['the wait is all there is', [1, 1, 1], 50, 1],
    ['throughput falls again', [10, 10, 10, 39], 5, 4],
    ['what gains a little is not larger for it', [10, 12, 16, 31, 61.8], 0, 4],
  ])('%s', (_what, milliseconds, delay, size) => {
    expect(chooseBatchSize(steady(milliseconds), [P95], delay).size).toBe(size);
  });

  test.each([
    ['exactly 10% more is enough', [11, 20], 2],
    ['a little less is not', [11, 20.01], 1],
    ['a size that gains nothing is passed over', [10, 20, 20], 4],
  ])('without a rule: %s', (_what, milliseconds, size) => {
    expect(chooseBatchSize(steady(milliseconds), [], 50).size).toBe(size);
  });
});

describe('a search that ended early', () => {
  test.each(['time', 'memory', 'limit'] as const)('by %s leaves what was measured before', (why) => {
    const ended = { at: 8, why, message: 'It ended at 8.' };
    const { size, search } = chooseBatchSize(steady([10, 11, 12], ended), [], 50);
    expect(size).toBe(4);
    expect(search.why).toContain('It ended at 8.');
    expect(search.ended).toEqual(ended);
  });

  test.each(['apart', 'differs', 'failed', 'no-gpu'] as const)('as the model can not (%s) is 1', (why) => {
    const ended = { at: 4, why, message: 'Batches of 4 are answered otherwise.' };
    const { size, search } = chooseBatchSize(steady([10, 11], ended), [P95], 5);
    expect(size).toBe(1);
    expect(search.why).toBe('Batches of 4 are answered otherwise.');
  });

  test('before anything was measured is 1', () => {
    const ended = { at: 1, why: 'time', message: 'The time was up at 1.' } as const;
    for (const rules of [[], [P95]]) expect(chooseBatchSize(steady([], ended), rules, 5).size).toBe(1);
  });
});

test('says why, with what was measured, in what the manifest takes', () => {
  const { search } = chooseBatchSize(steady([10, 12, 48]), [P95], 5);
  expect(batchSearchSchema.parse(search)).toEqual(search);
  expect(search.sizes.map(({ meetsLatency }) => meetsLatency)).toEqual([true, true, false]);
  // A batch of one waits for nobody.
  expect(chooseBatchSize(steady([48, 48]), [P95], 5).search.sizes).toMatchObject([
    { meetsLatency: true },
    { meetsLatency: false },
  ]);
  expect(search.sizes[1]).toMatchObject({ size: 2, batches: 60, medianMs: 12, p99Ms: 12 });
  expect(search.sizes[1]?.requestsPerSecond).toBeCloseTo(2_000 / 12);
  expect(search.why).toContain('latency-p95 ≤ 50 ms');
  expect(chooseBatchSize(steady([1, 1]), [P95], 50).search.why).toContain('shorten it');
  expect(chooseBatchSize(steady([10, 49]), [P95], 5).search.why).toContain('No larger batch');
  expect(chooseBatchSize(steady([10, 12]), [], 5).search.sizes[0]).not.toHaveProperty('meetsLatency');
});

test('what is to be measured bounds the quantiles of the rules, and ends where the strictest is out of reach', () => {
  expect(planBatches([], 50)).toEqual({ largest: 64, seconds: 180, batches: 200, fewest: 50 });
  expect(planBatches([P95], 5)).toMatchObject({ batches: 236, fewest: 59, limitMs: 45 });
  const p99: LatencyRule = { kind: 'latency', quantile: 0.99, atMostMs: 20 };
  expect(planBatches([P95, p99], 30)).toMatchObject({ batches: 1_196, fewest: 299, limitMs: 0 });
});
