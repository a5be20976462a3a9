import { describe, expect, it } from 'vitest';
import { logShareEvidence } from '../../../../core/statistics/sequential/request-share.ts';

describe('evidence of a wrong traffic split', () => {
  it('has expectation one while the split is right', () => {
    for (const share of [0.01, 0.1, 0.5]) {
      const n = 60;
      let expectation = 0;
      let probability = (1 - share) ** n;
      for (let candidate = 0; candidate <= n; candidate += 1) {
        expectation += probability * Math.exp(logShareEvidence(candidate, n - candidate, share));
        probability *= ((n - candidate) / (candidate + 1)) * (share / (1 - share));
      }
      expect(expectation).toBeCloseTo(1, 9);
    }
  });

  it('grows when the candidate gets three times its share, and falls when it gets its share', () => {
    expect(logShareEvidence(60, 1940, 0.01)).toBeGreaterThan(Math.log(1000));
    expect(logShareEvidence(20, 1980, 0.01)).toBeLessThan(0);
    expect(logShareEvidence(0, 0, 0.01)).toBeCloseTo(0, 12);
  });
});
