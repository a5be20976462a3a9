import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  binomialCdf,
  binomialProbability,
  binomialSurvival,
} from '../../../core/statistics/distributions/binomial.ts';
import {
  chiSquareSurvival,
  noncentralChiSquareSurvival,
} from '../../../core/statistics/distributions/chi-square.ts';
import { fSurvival } from '../../../core/statistics/distributions/f-distribution.ts';
import { betaI } from '../../../core/statistics/distributions/incomplete-beta.ts';
import { gammaP, gammaQ } from '../../../core/statistics/distributions/incomplete-gamma.ts';
import { logGamma } from '../../../core/statistics/distributions/log-gamma.ts';
import { logSumExp } from '../../../core/statistics/distributions/log-sum-exp.ts';
import { normalCdf, normalQuantile } from '../../../core/statistics/distributions/normal.ts';
import { studentQuantile, studentSurvival } from '../../../core/statistics/distributions/student-t.ts';
import { findRoot } from '../../../core/statistics/find-root.ts';
import { adjustHolm } from '../../../core/statistics/holm.ts';
import { agrestiCaffoLower } from '../../../core/statistics/intervals/agresti-caffo.ts';
import { bonettPrice } from '../../../core/statistics/intervals/bonett-price.ts';
import { quantileBoundRanks, rowsForUpperBound } from '../../../core/statistics/intervals/quantile-bound.ts';
import { mcnemarHarm, mcnemarTwoSided } from '../../../core/statistics/mcnemar.ts';
import { resolvableMargin, rowsForMargin } from '../../../core/statistics/sample-size.ts';

const shape = fc.double({ min: 0.01, max: 5000, noNaN: true });
const probability = fc.double({ min: 0, max: 1, noNaN: true });

function pointAt(x: number): { readonly x: number; readonly complement: number } {
  return { x, complement: 1 - x };
}

describe('special functions', () => {
  test('log-gamma(x + 1) = log-gamma(x) + log x', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (x) => {
        const gap = Math.abs(logGamma(x + 1) - logGamma(x) - Math.log(x));
        return gap <= 1e-13 * Math.max(10, Math.abs(logGamma(x)));
      }),
    );
  });

  test('P(a, x) + Q(a, x) = 1 and both lie in 0 to 1', () => {
    fc.assert(
      fc.property(shape, fc.double({ min: 0, max: 20_000, noNaN: true }), (a, x) => {
        const [p, q] = [gammaP(a, x), gammaQ(a, x)];
        return p >= 0 && q >= 0 && p <= 1 && q <= 1 && Math.abs(p + q - 1) < 1e-12;
      }),
    );
  });

  test('I_x(a, b) = 1 - I_(1-x)(b, a), rises with x and lies in 0 to 1', () => {
    fc.assert(
      fc.property(shape, shape, probability, probability, (a, b, x, y) => {
        const [low, high] = x < y ? [x, y] : [y, x];
        const value = betaI(a, b, pointAt(low));
        const mirrored = 1 - betaI(b, a, { x: 1 - low, complement: low });
        return (
          value >= 0 &&
          value <= 1 &&
          Math.abs(value - mirrored) < 1e-11 &&
          betaI(a, b, pointAt(high)) >= value - 1e-12
        );
      }),
    );
  });

  test('the normal quantile undoes the distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: -35, max: 5, noNaN: true }), (z) => {
        const back = normalQuantile(normalCdf(z));
        return Math.abs(back - z) < 1e-9;
      }),
    );
  });

  test("Student's quantile undoes its survival and nears the normal as the degrees of freedom grow", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.5, max: 1e4, noNaN: true }),
        (p, df) => {
          const t = studentQuantile(p, df);
          return Math.abs(1 - studentSurvival(t, df) - p) < 1e-10;
        },
      ),
    );
    expect(Math.abs(studentQuantile(0.95, 1e7) - normalQuantile(0.95))).toBeLessThan(1e-6);
  });

  test('survival functions fall with x and grow with the non-centrality', () => {
    const positive = fc.double({ min: 0, max: 500, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 60, noNaN: true }),
        positive,
        positive,
        positive,
        (df, x, more, lambda) => {
          const here = noncentralChiSquareSurvival(x, df, lambda);
          return (
            here >= 0 &&
            here <= 1 &&
            noncentralChiSquareSurvival(x + more, df, lambda) <= here + 1e-12 &&
            noncentralChiSquareSurvival(x, df, lambda + more) >= here - 1e-12 &&
            chiSquareSurvival(x, df) <= here + 1e-12 &&
            fSurvival(x + more, df, 30) <= fSurvival(x, df, 30) + 1e-12
          );
        },
      ),
    );
  });

  test('arguments outside the domain give NaN or the limit, and never a number that looks right', () => {
    expect([
      logGamma(-1),
      gammaP(-1, 1),
      gammaQ(1, -1),
      betaI(0, 1, pointAt(0.5)),
      betaI(1, 1, pointAt(1.5)),
    ]).toEqual(Array(5).fill(Number.NaN));
    expect([
      normalQuantile(-0.1),
      normalQuantile(1.1),
      normalCdf(Number.NaN),
      fSurvival(Number.NaN, 1, 1),
    ]).toEqual(Array(4).fill(Number.NaN));
    expect([normalQuantile(0), normalQuantile(1), logGamma(0)]).toEqual([-Infinity, Infinity, Infinity]);
    expect([gammaQ(2, Infinity), fSurvival(Infinity, 2, 3), chiSquareSurvival(-1, 3)]).toEqual([0, 0, 1]);
    expect(noncentralChiSquareSurvival(5, 3, -1)).toBeNaN();
  });
});

describe('binomial probabilities', () => {
  test('add up to 1, and to the distribution function', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        probability,
        fc.integer({ min: 0, max: 300 }),
        (n, p, limit) => {
          const k = Math.min(limit, n);
          let sum = 0;
          for (let value = 0; value <= k; value += 1) sum += binomialProbability(value, n, p);
          const cdf = binomialCdf(k, n, p);
          return Math.abs(sum - cdf) < 1e-10 && Math.abs(cdf + binomialSurvival(k, n, p) - 1) < 1e-12;
        },
      ),
    );
  });
});

describe('log-sum-exp', () => {
  test('shifts with its values and survives what overflows', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -700, max: 700, noNaN: true }), { minLength: 1 }), (values) => {
        const shifted = logSumExp(values.map((value) => value + 1e5)) - 1e5;
        return Math.abs(shifted - logSumExp(values)) < 1e-8 && logSumExp(values) >= Math.max(...values);
      }),
    );
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
    expect(logSumExp(Float64Array.of(1e308, 1e308))).toBe(1e308);
    expect(logSumExp([1, Number.NaN])).toBeNaN();
  });
});

describe('tests of two models', () => {
  const count = fc.integer({ min: 0, max: 400 });

  test('exact McNemar is symmetric, in 0 to 1, and harm is the surer the more losses there are', () => {
    fc.assert(
      fc.property(count, count, (gains, losses) => {
        const both = mcnemarTwoSided(gains, losses);
        const harm = mcnemarHarm(gains, losses);
        return (
          both > 0 &&
          both <= 1 &&
          Math.abs(both - mcnemarTwoSided(losses, gains)) < 1e-12 &&
          mcnemarHarm(gains, losses + 1) <= harm + 1e-12
        );
      }),
    );
  });

  test('Bonett-Price mirrors when the models are swapped and narrows with rows', () => {
    fc.assert(
      fc.property(count, count, fc.integer({ min: 0, max: 5000 }), (gains, losses, ties) => {
        const n = Math.max(1, gains + losses + ties);
        const { low, high } = bonettPrice({ gains, losses, n }, 0.9).interval;
        const swapped = bonettPrice({ gains: losses, losses: gains, n }, 0.9).interval;
        const more = bonettPrice({ gains: 4 * gains, losses: 4 * losses, n: 4 * n }, 0.9).interval;
        const narrows = more.high - more.low <= high - low;
        return Math.abs(low + swapped.high) < 1e-12 && low <= high && low >= -1 && high <= 1 && narrows;
      }),
    );
  });

  test("Holm's adjusted p are never under the raw ones, never over 1, and keep their order", () => {
    fc.assert(
      fc.property(fc.array(probability, { maxLength: 40 }), (values) => {
        const adjusted = adjustHolm(values);
        return values.every((p, i) => {
          const ours = adjusted[i] ?? -1;
          const ordered = values.every((other, j) => other <= p || (adjusted[j] ?? -1) >= ours);
          return ours >= p && ours <= 1 && ordered;
        });
      }),
    );
  });

  test('the Agresti-Caffo bound lies under the observed difference of equal samples and rises with fewer doubts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), probability, probability, (n, a, b) => {
        const [x1, x2] = [Math.round(a * n), Math.round(b * n)];
        const samples = [
          { successes: x1, n },
          { successes: x2, n },
        ] as const;
        const strict = agrestiCaffoLower(...samples, 3);
        const loose = agrestiCaffoLower(...samples, 1);
        return strict <= loose && strict >= -1 && (x1 < x2 || strict <= (x1 - x2) / n);
      }),
    );
  });

  test('the quantile bound exists from 59 requests for the 95th percentile and from 299 for the 99th', () => {
    expect([rowsForUpperBound(0.95, 0.95), rowsForUpperBound(0.99, 0.95)]).toEqual([59, 299]);
    const ranks = [200, 500, 1000].map((n) => quantileBoundRanks(n, 0.95, 0.95).upper);
    expect([...ranks, quantileBoundRanks(1000, 0.99, 0.95).upper]).toEqual([196, 484, 962, 996]);
    expect(quantileBoundRanks(0, 0.95, 0.95)).toEqual({ lower: undefined, upper: undefined });
  });

  test('the rows that a margin needs resolve it', () => {
    const seen = (standardError: number) => ({ standardError, unseen: 0 });
    expect(resolvableMargin(seen(Math.sqrt(0.04 / 2473)))).toBeCloseTo(0.01, 4);
    expect(rowsForMargin(1000, seen(Math.sqrt(0.08 / 1000)), 0.01)).toBeGreaterThan(4900);
    expect(rowsForMargin(1000, seen(Math.sqrt(0.08 / 1000)), 0.01)).toBeLessThan(5000);
    const rows = rowsForMargin(1000, { standardError: 0.002, unseen: 0.003 }, 0.004);
    const precision = { standardError: 0.002 * Math.sqrt(1000 / rows), unseen: (0.003 * 1000) / rows };
    expect(resolvableMargin(precision)).toBeCloseTo(0.004, 5);
  });
});

describe('findRoot', () => {
  test('finds the root of a monotone function wherever it lies', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        (root, slope) => {
          const found = findRoot((x) => Math.tanh(slope * (x - root)) + 1e-3 * (x - root), {
            low: -60,
            high: 60,
          });
          return Math.abs(found - root) < 1e-9;
        },
      ),
    );
  });

  test('gives the nearer end where there is none, and NaN for a function without values', () => {
    expect(findRoot((x) => x + 10, { low: 0, high: 5 })).toBe(0);
    expect(findRoot((x) => x - 10, { low: 0, high: 5 })).toBe(5);
    expect(findRoot(() => Number.NaN, { low: 0, high: 1 })).toBeNaN();
  });
});
