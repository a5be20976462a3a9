import { expect, test } from 'vitest';
import { definedNames, defineMetrics } from '../../../core/gate/metrics/definitions.ts';

test('each metric is defined for people, and nothing else is', () => {
  const names = defineMetrics().map(({ name }) => name);
  expect(definedNames().toSorted()).toEqual(names.toSorted());
});

test('names that people use lead to the metric that is defined', () => {
  const of = (name: string) => defineMetrics().find((metric) => metric.name === name);
  expect(of('log-loss')?.otherNames).toEqual(['logloss', 'cross-entropy']);
  expect(of('accuracy')?.otherNames).toEqual(['accuracy-score']);
  expect(of('mae')).toMatchObject({ direction: 'lower', tasks: ['regression'] });
});
