import { describe, expect, test } from 'vitest';
import {
  binomialCdf,
  binomialProbability,
  binomialQuantile,
  binomialSurvival,
} from '../../../core/statistics/distributions/binomial.ts';
import { binomialDensity, poissonDensity } from '../../../core/statistics/distributions/saddle-point.ts';
import { studentQuantile, studentSurvival } from '../../../core/statistics/distributions/student-t.ts';

describe('outside what is possible', () => {
  test('a binomial count has no probability, and what is no number gives none', () => {
    expect(binomialProbability(1.5, 10, 0.3)).toBe(0);
    expect([
      binomialDensity(-1, 10, { p: 0.3, q: 0.7 }),
      binomialDensity(11, 10, { p: 0.3, q: 0.7 }),
    ]).toEqual([0, 0]);
    expect([binomialCdf(-1, 10, 0.3), binomialSurvival(-1, 10, 0.3)]).toEqual([0, 1]);
    expect([binomialCdf(10, 10, 0.3), binomialSurvival(10, 10, 0.3)]).toEqual([1, 0]);
    for (const value of [
      binomialCdf(Number.NaN, 10, 0.3),
      binomialSurvival(1, 10, 1.1),
      binomialQuantile(-0.1, 10, 0.3),
    ])
      expect(value).toBeNaN();
  });

  test('what never or always happens does so in every trial', () => {
    const [never, always] = [
      { p: 0, q: 1 },
      { p: 1, q: 0 },
    ];
    expect([binomialDensity(0, 10, never), binomialDensity(1, 10, never)]).toEqual([1, 0]);
    expect([binomialDensity(10, 10, always), binomialDensity(9, 10, always)]).toEqual([1, 0]);
    expect([poissonDensity(0, 0), poissonDensity(1, 0), poissonDensity(3, Number.POSITIVE_INFINITY)]).toEqual(
      [1, 0, 0],
    );
  });

  test('of Student’s t', () => {
    for (const value of [studentSurvival(Number.NaN, 5), studentQuantile(1.1, 5), studentQuantile(0.5, 0)])
      expect(value).toBeNaN();
    expect([studentQuantile(0, 5), studentQuantile(0.5, 5), studentQuantile(1, 5)]).toEqual([
      Number.NEGATIVE_INFINITY,
      0,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

// With one degree of freedom it is Cauchy's: P(T > t) = 1/2 - atan(t) / pi, which is 1 / (pi t) far out.
test('Student’s t of one degree of freedom is Cauchy’s, however far out', () => {
  for (const t of [1e12, 1e100, 1e200]) {
    expect(studentSurvival(t, 1) * Math.PI * t).toBeCloseTo(1, 9);
    expect(studentSurvival(-t, 1)).toBeCloseTo(1, 9);
  }
});
