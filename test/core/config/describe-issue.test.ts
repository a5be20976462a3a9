import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeIssue } from '../../../core/config/describe-issue.ts';

/** What is said of a value at the key `at` that a schema refuses. */
function say(schema: z.ZodType, value: unknown): readonly string[] {
  const { error } = z.object({ at: schema }).safeParse({ at: value }, { reportInput: true });
  return (error?.issues ?? []).flatMap((issue) =>
    describeIssue(issue, undefined).map(({ code, message }) => `${code}: ${message}`),
  );
}

describe('what zod finds wrong is said in words', () => {
  it.each([
    ['an empty text', z.string().min(1), '', 'out-of-range: `at` must not be empty.'],
    ['a short text', z.string().min(3), 'ab', 'out-of-range: `at` must have at least 3 characters.'],
    ['a long text', z.string().max(1), 'ab', 'out-of-range: `at` must have at most 1 characters.'],
    ['an empty list', z.array(z.any()).min(1), [], 'out-of-range: `at` must not be empty.'],
    ['a short list', z.array(z.any()).min(2), [1], 'out-of-range: `at` must have at least 2 entries.'],
    ['a long list', z.array(z.any()).max(1), [1, 2], 'out-of-range: `at` must have at most 1 entries.'],
    ['a number below its limit', z.number().min(1), 0, 'out-of-range: `at` must be at least 1.'],
    ['a number above its limit', z.number().max(1), 2, 'out-of-range: `at` must be at most 1.'],
    ['a number at an open limit', z.number().gt(0), 0, 'out-of-range: `at` must be more than 0.'],
    ['a number at an open upper limit', z.number().lt(1), 1, 'out-of-range: `at` must be less than 1.'],
    ['a list for a text', z.string(), [], 'wrong-type: `at` must be text, not a list.'],
    ['a section for a number', z.number(), {}, 'wrong-type: `at` must be a number, not a section of keys.'],
    ['a text for a switch', z.boolean(), 'on', 'wrong-type: `at` must be true or false, not the text "on".'],
    ['nothing for a section', z.object({}), null, 'wrong-type: `at` must be a section of keys, not empty.'],
    ['a number for a list', z.array(z.any()), 3, 'wrong-type: `at` must be a list, not `3`.'],
    ['a kind without a word of its own', z.date(), 3, 'wrong-type: `at` must be date, not `3`.'],
    ['a text of another form', z.string().regex(/^a$/), 'b', /^invalid-value: `at` Invalid string/],
    ['the only value', z.literal('a'), 'b', "wrong-choice: `at` is `b`, which it can't be."],
    ['no choice at all', z.enum(['a', 'b']), undefined, 'missing-key: `at` is missing.'],
    [
      'a key that is no name',
      z.record(z.string().max(1, 'is too long'), z.any()),
      { ab: 1 },
      /^invalid-name: `at.ab` is too long/,
    ],
    ['a key too many', z.strictObject({}), { ab: 1 }, 'unknown-key: `at` has no key `ab`.'],
  ])('%s', (_, schema, value, said) => {
    expect(say(schema, value)).toEqual([typeof said === 'string' ? said : expect.stringMatching(said)]);
  });

  it('a remedy names the nearest key or value, and what the place is for', () => {
    const node = { keys: ['path', 'target'], description: 'The examples.', example: '{ path: a.csv }' };
    const [unknown] = z.strictObject({}).safeParse({ pth: 1 }).error?.issues ?? [];
    const [choice] = z.enum(['path', 'target']).safeParse('pat', { reportInput: true }).error?.issues ?? [];
    const [missing] = z.string().safeParse(undefined, { reportInput: true }).error?.issues ?? [];
    const remedies = [unknown, choice, missing].flatMap((issue) =>
      issue === undefined ? [] : describeIssue(issue, node).map(({ remedy }) => remedy),
    );
    expect(remedies).toEqual([
      'Did you mean `path`? Keys here: path, target.',
      'Did you mean `path`? Choose one of path, target.',
      'Add it. The examples. For example `{ path: a.csv }`.',
    ]);
  });
});
