/** Draws an index in proportion to its weight, in the same time however many there are. */
export type AliasTable = {
  /** The index that a uniform number in 0 … 1 stands for. */
  readonly pick: (uniform: number) => number;
};

/** A table of these weights (Vose 1991, "A linear algorithm for generating random numbers with a given distribution"). */
export function makeAliasTable(weights: readonly number[]): AliasTable {
  const size = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scaled = Float64Array.from(weights, (weight) => (weight * size) / total);
  const own = new Float64Array(size).fill(1);
  const alias = Int32Array.from(weights, (_, index) => index);
  const [small, large]: [number[], number[]] = [[], []];
  scaled.forEach((share, index) => {
    (share < 1 ? small : large).push(index);
  });
  for (;;) {
    const [less, more] = [small.pop(), large.pop()];
    if (less === undefined || more === undefined) break;
    const share = scaled[less] ?? 1;
    own[less] = share;
    alias[less] = more;
    const left = (scaled[more] ?? 1) + share - 1;
    scaled[more] = left;
    (left < 1 ? small : large).push(more);
  }
  return {
    pick: (uniform) => {
      const place = uniform * size;
      const index = Math.min(size - 1, Math.floor(place));
      return place - index < (own[index] ?? 1) ? index : (alias[index] ?? index);
    },
  };
}
