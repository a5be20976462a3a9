import { expect, test } from 'vitest';
import { readAdopted } from '../../../core/init/adopt-model.ts';

test.each([
  ['models:/churn/3', 'churn'],
  ['models:/churn@champion', 'churn'],
  ['models:///fraud model', undefined],
  ['models:/churn', undefined],
  ['models:/m-1234', undefined],
  ['models:/churn/3; rm -rf x', undefined],
  ['models:/$(id)/3', undefined],
  ['runs:/abc/model', undefined],
])('%s is a model of the registry by the name %s', (uri, name) => {
  expect(readAdopted(uri)?.name).toBe(name);
});
