/** The candidate nearest to what was written, if near enough to be a slip: at most a third of its letters apart, or `most` of them. */
export function didYouMean(
  written: string,
  candidates: readonly string[],
  most?: number,
): string | undefined {
  const wanted = normalise(written);
  let nearest: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, normalise(candidate));
    if (nearest === undefined || distance < nearest.distance) nearest = { candidate, distance };
  }
  if (nearest === undefined) return undefined;
  const third = Math.max(1, Math.floor(Math.max(wanted.length, nearest.candidate.length) / 3));
  const allowed = most ?? third;
  return nearest.distance <= allowed ? nearest.candidate : undefined;
}

function normalise(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[_\s]/g, '-');
}

/** Insertions, deletions, substitutions and swaps of neighbours: optimal string alignment, so that `modle` is one slip from `model`. */
function editDistance(left: string, right: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const present = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const swap = swapped
        ? (beforeLast[column - 2] ?? Number.POSITIVE_INFINITY) + 1
        : Number.POSITIVE_INFINITY;
      const replace = (last[column - 1] ?? 0) + (same ? 0 : 1);
      present[column] = Math.min((last[column] ?? 0) + 1, (present[column - 1] ?? 0) + 1, replace, swap);
    }
    beforeLast = last;
    last = present;
  }
  return last[right.length] ?? 0;
}
