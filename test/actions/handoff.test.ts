import { expect, test } from 'vitest';
import { readHandedOn, readPlan } from '../../actions/job/handoff.ts';

test.each(['', ' \n'])(
  'a plan that the runner dropped on the way is told from one of another version: %j',
  (text) => {
    expect(() => readPlan(text)).toThrow(/arrived empty.*a secret's value is in it/);
    expect(() => readPlan('{"schema_version":0}')).toThrow(
      /not the result of the plan action of this version/,
    );
  },
);

test('so is any other output', () => {
  expect(() => readHandedOn('run-id', '')).toThrow(/input run-id arrived empty/);
  expect(readHandedOn('run-id', 'abc')).toBe('abc');
});
