/** Values in as many stretches as may be shown, the highest of each: what stands out in many stands out in few. */
export function highestOfEach(values: readonly number[], most: number): readonly number[] {
  const length = Math.min(most, values.length);
  return Array.from({ length }, (_, index) => {
    const from = Math.floor((index * values.length) / length);
    const to = Math.floor(((index + 1) * values.length) / length);
    return Math.max(...values.slice(from, to));
  });
}
