import { expect, it } from 'vitest';
import { parse } from './read-text.ts';

it('takes a file of examples as a rule of its own, and nothing beside it', () => {
  const entry = (text: string) => `version: 1
model: m
data: { holdout: { path: h.csv } }
gate: [{ ${text} }]
`;
  expect(parse(entry('examples: tests/behaviour.csv')).gate).toEqual([
    { kind: 'examples', path: 'tests/behaviour.csv' },
  ]);
  expect(() => parse(entry('examples: b.csv, metric: accuracy'))).toThrow(
    /`metric` does not go with `b.csv`/,
  );
  expect(() => parse(entry('examples: b.csv, floor: 0.9'))).toThrow(/`floor` does not go with `b.csv`/);
  expect(() => parse(entry('examples: b.parquet'))).toThrow(/must be a CSV file/);
});
