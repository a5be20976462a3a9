import { orderOf } from './order-of.ts';

/**
 * The rank of each value less the mean rank, so that they sum to 0; equal values share the mean of their ranks. No value is NaN.
 *
 * Reference: Kendall, "The treatment of ties in ranking problems" (Biometrika, 1945).
 */
export function centredRanks(values: ArrayLike<number>): Float64Array {
  const size = values.length;
  const order = orderOf(values);
  const ranks = new Float64Array(size);
  for (let start = 0; start < size; ) {
    const value = values[order[start] ?? 0];
    let end = start + 1;
    while (end < size && values[order[end] ?? 0] === value) end += 1;
    const rank = (start + end - size) / 2;
    for (let place = start; place < end; place += 1) ranks[order[place] ?? 0] = rank;
    start = end;
  }
  return ranks;
}
