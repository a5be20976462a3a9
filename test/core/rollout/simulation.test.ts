import { describe, expect, it } from 'vitest';
import { makeDraws } from '../../../measure/simulate/draws.ts';
import { everyRequestRows } from '../../../measure/simulate/every-request.ts';
import { rolloutRows } from '../../../measure/simulate/rollout.ts';

/** A small part of the full simulation: enough to see a broken promise, not to measure how well it is kept. */
const rows = rolloutRows({ scale: 0.006, seed: 1 });

describe('every request that was sent, on simulated rollouts', () => {
  const requestRows = everyRequestRows({ scale: 0.001, seed: 1 });
  it.each(requestRows)('row $row, $quantity: $target', ({ met, observed }) => {
    expect(met, observed).toBe(true);
  });
});

describe('the promises of the canary, on simulated rollouts', () => {
  it.each(rows.filter(({ row }) => row !== 2))('row $row, $quantity: $target', ({ met, observed }) => {
    expect(met, observed).toBe(true);
  });

  it('stand beside what other rules do on the same traffic', () => {
    for (const { anchors } of rows) expect(anchors.length).toBeGreaterThan(0);
    const flat = rows[0]?.anchors.map(({ value }) => Number.parseFloat(value)) ?? [];
    expect(Math.max(...flat)).toBeGreaterThan(50);
  });

  it('depend on the seed alone', () => {
    const drawTen = (seed: string) => {
      const draws = makeDraws(seed);
      return Array.from({ length: 10 }, () => [draws.poisson(20), draws.binomial(1000, 0.3), draws.normal()]);
    };
    expect(drawTen('a')).toEqual(drawTen('a'));
    expect(drawTen('a')).not.toEqual(drawTen('b'));
  });
});
