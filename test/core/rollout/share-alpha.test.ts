import { describe, expect, test } from 'vitest';
import { shareAlpha } from '../../../core/rollout/share-alpha.ts';

describe("a rollout's alpha, shared out", () => {
  test.each([1, 2, 8, 20])('is spent once by deploy and %i hosts together', (hosts) => {
    const { deploy, host } = shareAlpha(0.01, hosts);
    expect(deploy + hosts * host).toBeCloseTo(0.01, 12);
    expect(deploy).toBe(0.005);
  });

  test('leaves deploy its half where no host is known', () => {
    expect(shareAlpha(0.01, 0)).toEqual({ deploy: 0.005, host: 0.005 });
  });
});
