import { z } from 'zod';

/** What each number of a list has to be: in words, as JSON Schema says it, and as it is found out. */
type Rule = {
  readonly error: string;
  readonly items: Readonly<Record<string, string | number>>;
  readonly isKept: (number: number) => boolean;
};

const COUNTS: Rule = {
  error: 'must be a whole number, 0 or more',
  items: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  isKept: (number) => Number.isSafeInteger(number) && number >= 0,
};
const POSITIVE: Rule = {
  error: 'must be more than 0',
  items: { type: 'number', exclusiveMinimum: 0 },
  isKept: (number) => number > 0,
};

/** A list of whole numbers that are not negative. */
export function countList() {
  return withRule(z.array(z.number()), COUNTS);
}

/** A list of numbers above 0: one at least, and so many at most. */
export function positiveList(most: number) {
  return withRule(z.array(z.number()).min(1).max(most), POSITIVE);
}

/**
 * One rule for the whole list instead of one for each of its numbers, which would take several times as long: a histogram has a hundred, and
 * some are read at every look of every host.
 */
function withRule(list: z.ZodArray<z.ZodNumber>, { error, items, isKept }: Rule) {
  return list
    .check(({ value, issues }) => {
      for (const [index, number] of value.entries()) {
        if (!isKept(number)) issues.push({ code: 'custom', message: error, path: [index], input: number });
      }
    })
    .meta({ items });
}
