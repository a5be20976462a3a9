import { describe, expect, it } from 'vitest';
import { seedOf } from '../../../measure/world/run/seed-of.ts';

describe('the first seed of a commit', () => {
  it('is the same each time, and far from that of another', () => {
    const tree = '00000001a0775ac28e7972e2d90437351f595b70';
    expect(seedOf(tree)).toBe(1_000_100_000);
    expect(seedOf(`${tree}\n`)).toBe(seedOf(tree));
    expect(seedOf(tree.replace('1', '2')) - seedOf(tree)).toBe(100_000);
  });

  it('is a number that can be said and replayed, whatever the tree is called', () => {
    const most = seedOf('f'.repeat(40));
    expect(Number.isSafeInteger(most + 100_000)).toBe(true);
    expect(Number(String(most))).toBe(most);
  });
});
