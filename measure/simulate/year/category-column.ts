import type { Draws } from '../draws.ts';
import { type DrawnColumn, type HoldoutDay, standardise, tiltShares } from './column.ts';

/** The commonest categories are named, so many at most and until they hold so much: as `runtime/trainyard/profile.py` does. */
const MOST_NAMED = 20;
const NAMED_MASS = 0.99;

/** A column of `values` categories, of which the k-th is 1/k as frequent as the first: rare ones come at their natural rate. */
export function drawCategoryColumn(
  draws: Draws,
  {
    name,
    values,
    days,
  }: { readonly name: string; readonly values: number; readonly days: readonly HoldoutDay[] },
): DrawnColumn {
  const weights = Array.from({ length: values }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / total);
  const scores = standardise(shares.map(draws.normal), shares);
  const byDay = days.map(({ rows, tilt }) => draws.multinomial(rows, tiltShares(shares, scores, tilt)));
  const counted = shares.map((_, value) => byDay.reduce((sum, day) => sum + (day[value] ?? 0), 0));
  const named = pickNamed(counted);
  const isNamed = new Set(named);
  const others = counted.map((_, value) => value).filter((value) => !isNamed.has(value));
  const rare = others.filter((value) => (counted[value] ?? 0) > 0);
  const unseen = others.filter((value) => counted[value] === 0);
  const group = (of: readonly number[]) => {
    const sum = (list: readonly number[]) => list.reduce((all, value) => all + (of[value] ?? 0), 0);
    return [...named.map((value) => of[value] ?? 0), sum(rare), sum(unseen)];
  };
  const feature = {
    name,
    kind: 'categorical' as const,
    categories: named.map((value) => `c${value}`),
    rare: rare.map((value) => `c${value}`),
    counts: group(counted),
    missing: 0,
    once: counted.filter((count) => count === 1).length,
    blocks: byDay.map(group),
  };
  return {
    feature,
    liveAt: (tilt) => {
      const grouped = group(tiltShares(shares, scores, tilt));
      return (rows, random) => {
        const counts = random.multinomial(rows, grouped);
        return { counts, missing: 0, below: 0, above: 0, unseen: counts.at(-1) ?? 0 };
      };
    },
  };
}

function pickNamed(counted: readonly number[]): readonly number[] {
  const ranked = counted
    .map((count, value) => ({ count, value }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.value - b.value);
  const total = ranked.reduce((sum, { count }) => sum + count, 0);
  const named: number[] = [];
  let held = 0;
  for (const { count, value } of ranked.slice(0, MOST_NAMED)) {
    if (held >= NAMED_MASS * total) break;
    named.push(value);
    held += count;
  }
  return named;
}
