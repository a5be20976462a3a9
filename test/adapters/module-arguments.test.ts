import { expect, test } from 'vitest';
import { answersArguments } from '../../adapters/python/module-arguments.ts';

test('a module is told what answers are read by, and whether a judgement has settled that', () => {
  const contract = { task: 'binary', classes: ['a', 'b'] } as const;
  const said = ['--answers', '{"task":"binary","classes":["a","b"]}'];
  expect(answersArguments({ contract, isSettled: false })).toEqual(said);
  expect(answersArguments({ contract, isSettled: true })).toEqual([...said, '--settled']);
});
