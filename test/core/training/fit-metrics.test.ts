import { expect, test } from 'vitest';
import { fitMetrics } from '../../../core/training/fit-metrics.ts';

test('all metrics are handed on where they have room, but for what is no number', () => {
  expect(fitMetrics({ loss: 0.1, f1: 0.9, bad: Number.NaN }, [])).toEqual({
    metrics: { loss: 0.1, f1: 0.9 },
    leftOut: 0,
  });
});

test('of ten thousand those that rules ask for are, then those with short names, as many as a variable may hold', () => {
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`class_${index}_recall_of_validation`, index / 10_000]),
  );
  const asked = 'the_metric_with_the_longest_name_of_all_that_a_rule_of_the_gate_asks_for';
  const { metrics, leftOut } = fitMetrics({ ...many, loss: 1, [asked]: 2 }, [asked]);
  expect(metrics).toMatchObject({ loss: 1, [asked]: 2 });
  expect(leftOut).toBe(10_002 - Object.keys(metrics).length);
  const bytes = Buffer.byteLength(JSON.stringify(metrics));
  expect(bytes).toBeLessThanOrEqual(64 * 1024);
  expect(bytes).toBeGreaterThan(60 * 1024);
});
