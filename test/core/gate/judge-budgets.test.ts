import { describe, expect, test } from 'vitest';
import { judgeBudgets } from '../../../core/gate/judge/budgets.ts';
import { requestsToTime } from '../../../core/gate/judge/latency.ts';
import { type GateRule, isBudgetRule, type LatencyRule } from '../../../core/gate/rules/rule.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

function times(count: number, scale: number, seed: string): number[] {
  const random = randomStream(seed);
  return Array.from({ length: count }, () => scale * (1 + random.uniform()));
}

function judge(rule: Partial<LatencyRule> & Pick<LatencyRule, 'atMostMs'>, latencyMs: number[]) {
  return judgeBudgets([{ kind: 'latency', quantile: 0.95, ...rule }], { latencyMs }).checks[0];
}

describe('a latency budget', () => {
  test('is met when the upper bound of the quantile is under it', () => {
    const check = judge({ atMostMs: 20 }, times(400, 10, 'a'));
    expect(check).toMatchObject({
      verdict: 'pass',
      metric: 'latency-p95',
      reasons: [{ code: 'within-budget', limit: 20, sampleSize: 400 }],
    });
    expect(check?.reasons[0]?.message).toMatch(
      /^latency-p95 is 19\.\d+ ms over 400 requests, 95% sure of at most 19\.\d+ ms \(budget 20 ms\)\.$/,
    );
  });

  test('is missed when the lower bound is over it', () => {
    expect(judge({ atMostMs: 19 }, times(400, 10, 'a'))?.verdict).toBe('fail');
  });

  test('is open in between, and when the requests are too few to bound the quantile', () => {
    expect(judge({ atMostMs: 19.5 }, times(400, 10, 'a'))?.verdict).toBe('inconclusive');
    const few = judge({ atMostMs: 100 }, times(58, 10, 'a'));
    expect(few).toMatchObject({
      verdict: 'inconclusive',
      toSettle: 'latency-p95: at least 59 requests bound it.',
    });
    expect(judge({ atMostMs: 100 }, times(59, 10, 'a'))?.verdict).toBe('pass');
    expect(judge({ atMostMs: 100, quantile: 0.99 }, times(298, 10, 'a'))?.verdict).toBe('inconclusive');
    expect(judge({ atMostMs: 100, quantile: 0.99 }, times(299, 10, 'a'))?.verdict).toBe('pass');
  });

  test('works for the median', () => {
    expect(judge({ atMostMs: 16, quantile: 0.5 }, times(400, 10, 'a'))).toMatchObject({
      verdict: 'pass',
      metric: 'latency-p50',
    });
  });
});

test('as many requests are timed as the sharpest rule takes, so that a single slow one does not decide', () => {
  const p99: LatencyRule = { kind: 'latency', quantile: 0.99, atMostMs: 50 };
  expect(requestsToTime([])).toBe(200);
  expect(requestsToTime([{ ...p99, quantile: 0.5 }])).toBe(200);
  expect(requestsToTime([{ ...p99, quantile: 0.95 }, p99])).toBe(1196);
  const fast = times(requestsToTime([p99]) - 2, 10, 'a');
  expect(judge(p99, [...fast, 400, 400])?.verdict).toBe('pass');
});

test('numbers that are no latencies are inconclusive', () => {
  for (const bad of [Number.NaN, Infinity, -1]) {
    expect(judge({ atMostMs: 100 }, [...times(100, 10, 'a'), bad])).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'not-a-latency' }],
    });
  }
  expect(judge({ atMostMs: 100 }, [])?.verdict).toBe('inconclusive');
});

test('size is held to its budget to the byte', () => {
  const sized = (sizeBytes: number | undefined) =>
    judgeBudgets([{ kind: 'size', atMostBytes: 200_000_000 }], sizeBytes === undefined ? {} : { sizeBytes })
      .checks[0];
  expect(sized(200_000_000)?.verdict).toBe('pass');
  expect(sized(200_000_001)).toMatchObject({
    verdict: 'fail',
    reasons: [{ code: 'over-budget', message: 'The package has 200 MB of 200 MB.' }],
  });
  expect(sized(undefined)).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'not-measured' }] });
  expect(sized(Number.NaN)).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'not-a-size' }] });
});

test('only budget rules are judged here, and without any the verdict is pass', () => {
  const rules: GateRule[] = [{ kind: 'floor', metric: 'accuracy', floor: 0.9 }, { kind: 'signature' }];
  expect(rules.some(isBudgetRule)).toBe(false);
  expect(judgeBudgets(rules, {})).toEqual({ verdict: 'pass', checks: [] });
  const both = judgeBudgets([...rules, { kind: 'size', atMostBytes: 10 }], { sizeBytes: 11 });
  expect(both.verdict).toBe('fail');
  expect(both.checks).toHaveLength(1);
});
