import { expect } from 'vitest';
import { relativeError, TAIL } from '../../../measure/vectors/known-answers.ts';

/** Numbers as near as the statistics promise: relative 1e-9, and 1e-6 in the tails. */
export function expectClose(actual: number, expected: number, what: string): void {
  const allowed = Math.abs(expected) < TAIL && expected !== 0 ? 1e-6 : 1e-9;
  const near = relativeError(actual, expected) <= allowed;
  expect(near, `${what}: got ${actual}, the oracle says ${expected}`).toBe(true);
}
