const MOST_ROWS = 3;

/** Places, counted from zero, as a person finds them: of data alone, without a header (runtime/trainyard/rows.py). */
export function placeRows(rows: readonly number[]): string {
  const named = rows.slice(0, MOST_ROWS).map((row) => row + 1);
  const others = rows.length - named.length;
  const more = others > 0 ? ` and ${others} more` : '';
  return `row${rows.length > 1 ? 's' : ''} ${named.join(', ')}${more} (the first example is 1)`;
}
