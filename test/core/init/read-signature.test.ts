import { expect, test } from 'vitest';
import { readSignature } from '../../../core/init/read-signature.ts';

const tensor = (dtype: string, ...shape: readonly number[]) =>
  JSON.stringify([{ type: 'tensor', 'tensor-spec': { dtype, shape } }]);

test.each([
  [tensor('float64', -1), true],
  [tensor('float32', -1, 1), true],
  [tensor('float32', -1, 10), false],
  [tensor('int64', -1), false],
  [JSON.stringify([{ type: 'double' }]), true],
  [JSON.stringify([{ type: 'double' }, { type: 'double' }]), false],
  [JSON.stringify([{ type: 'string' }]), false],
  ['no JSON', false],
  [undefined, false],
])('one number is what answers %s: %s', (outputs, isOfNumbers) => {
  const signature = { inputs: '[]', ...(outputs !== undefined && { outputs }) };
  expect(readSignature(signature).isOfNumbers).toBe(isOfNumbers);
});

test('columns are those that all have names', () => {
  const inputs = JSON.stringify([
    { type: 'double', name: 'a' },
    { type: 'string', name: 'b', required: false },
  ]);
  expect(readSignature({ inputs }).columns).toEqual(['a', 'b']);
  expect(readSignature({ inputs: tensor('float32', -1, 31) }).columns).toEqual([]);
  expect(readSignature({ inputs: 'no JSON' }).columns).toEqual([]);
});
