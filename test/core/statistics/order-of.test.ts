import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderOf } from '../../../core/statistics/order-of.ts';

test('values come in order, equal ones as they stood, whatever their sign and size', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, Number.NEGATIVE_INFINITY),
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(value), fc.array(value, { minLength: 500, maxLength: 700, size: 'max' })),
      (values) => {
        const compared = [...values.keys()].sort((i, j) => {
          const [one, other] = [values[i] ?? 0, values[j] ?? 0];
          return one < other ? -1 : one > other ? 1 : i - j;
        });
        expect([...orderOf(values)]).toEqual(compared);
      },
    ),
  );
});
