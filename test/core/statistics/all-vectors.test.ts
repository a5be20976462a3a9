import { expect, test } from 'vitest';
import { worstDisagreement } from '../../../measure/vectors/known-answers.ts';

test('no value of any oracle is further off than the decisions promise', () => {
  const { error, tailError, compared } = worstDisagreement();
  expect(compared).toBeGreaterThan(900);
  expect(error).toBeLessThan(1e-9);
  expect(tailError).toBeLessThan(1e-6);
});
