import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { countList, positiveList } from '../../core/number-list.ts';

const counts = z.object({ counts: countList() });
const edges = z.object({ edges: positiveList(3) });

function flawsOf(schema: z.ZodType, given: unknown) {
  return schema.safeParse(given).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a list of counts', () => {
  it.each([[[1, -1]], [[0, 1.5]], [[0, 2 ** 53]]])('names which of %j is none', (list) => {
    expect(flawsOf(counts, { counts: list })).toEqual(['counts.1: must be a whole number, 0 or more']);
  });

  it.each([[['1']], [[Number.NaN]], [[Number.POSITIVE_INFINITY]], ['1'], [undefined]])(
    'is not %j',
    (list) => {
      expect(counts.safeParse({ counts: list }).success).toBe(false);
    },
  );

  it('is taken as it is', () => {
    expect(counts.parse({ counts: [0, 2 ** 53 - 1] })).toEqual({ counts: [0, 2 ** 53 - 1] });
  });
});

it('names which number of a list is not above 0', () => {
  expect(flawsOf(edges, { edges: [0.5, 0, 1] })).toEqual(['edges.1: must be more than 0']);
});

it.each([[[]], [[1, 2, 3, 4]]])('holds a list to its length: %j', (list) => {
  expect(edges.safeParse({ edges: list }).success).toBe(false);
});

it('is described as a list with a rule for each number is', () => {
  const own = z.object({ counts: countList(), edges: positiveList(3) });
  const plain = z.object({
    counts: z.array(z.int().nonnegative()),
    edges: z.array(z.number().positive()).min(1).max(3),
  });
  expect(z.toJSONSchema(own)).toEqual(z.toJSONSchema(plain));
});
