import { expect, test } from 'vitest';
import { defineMetrics } from '../../../core/gate/metrics/definitions.ts';

test('each metric is defined for people', () => {
  const metrics = defineMetrics();
  expect(metrics.length).toBeGreaterThan(20);
  expect(metrics.filter(({ definition }) => definition === undefined).map(({ name }) => name)).toEqual([]);
});

test('names that people use lead to the metric that is defined', () => {
  const of = (name: string) => defineMetrics().find((metric) => metric.name === name);
  expect(of('log-loss')?.otherNames).toEqual(['logloss', 'cross-entropy']);
  expect(of('accuracy')?.otherNames).toEqual(['accuracy-score']);
  expect(of('mae')).toMatchObject({ direction: 'lower', tasks: ['regression'] });
});
