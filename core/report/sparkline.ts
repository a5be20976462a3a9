import { highestOfEach } from './highest-of-each.ts';

const LEVELS = '▁▂▃▄▅▆▇█';
const LONGEST = 60;

/** Values as bars from 0 (▁) to `limit` and above (█), thinned to the highest of each stretch when there are many. */
export function drawSparkline(values: readonly number[], limit: number): string {
  return highestOfEach(values, LONGEST)
    .map((value) => {
      const share = Math.min(1, Math.max(0, value / limit));
      return LEVELS[Math.round(share * (LEVELS.length - 1))] ?? '';
    })
    .join('');
}
