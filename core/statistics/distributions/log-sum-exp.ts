/**
 * log(sum of exp(v)); `-Infinity` for no values, `NaN` when any value is `NaN`.
 *
 * Claim: neither overflows nor underflows while the result is a double.
 * Reference: Higham, "Accuracy and Stability of Numerical Algorithms" (2nd ed., 2002): the largest term is taken out first.
 * Vector: test/core/statistics/properties.test.ts.
 */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    if (Number.isNaN(value)) return Number.NaN;
    if (value > largest) largest = value;
  }
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += Math.exp((values[index] ?? 0) - largest);
  return largest + Math.log(sum);
}
