const LEVELS = '▁▂▃▄▅▆▇█';
const LONGEST = 60;

/** Values as bars from 0 (▁) to `limit` and above (█), thinned to the highest of each stretch when there are many. */
export function drawSparkline(values: readonly number[], limit: number): string {
  const length = Math.min(LONGEST, values.length);
  return Array.from({ length }, (_, index) => {
    const from = Math.floor((index * values.length) / length);
    const to = Math.floor(((index + 1) * values.length) / length);
    const share = Math.min(1, Math.max(0, Math.max(...values.slice(from, to)) / limit));
    return LEVELS[Math.round(share * (LEVELS.length - 1))] ?? '';
  }).join('');
}
