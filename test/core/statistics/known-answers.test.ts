import { describe, expect, test } from 'vitest';
import {
  chiSquareSurvival,
  noncentralChiSquareSurvival,
} from '../../../core/statistics/distributions/chi-square.ts';
import { fSurvival } from '../../../core/statistics/distributions/f-distribution.ts';
import { betaI } from '../../../core/statistics/distributions/incomplete-beta.ts';
import { gammaP } from '../../../core/statistics/distributions/incomplete-gamma.ts';
import { logGamma } from '../../../core/statistics/distributions/log-gamma.ts';
import { normalCdf } from '../../../core/statistics/distributions/normal.ts';
import { adjustHolm } from '../../../core/statistics/holm.ts';
import { bonettPrice } from '../../../core/statistics/intervals/bonett-price.ts';
import { compareAuc } from '../../../core/statistics/intervals/delong.ts';
import { groupedMeanDifference, meanDifference } from '../../../core/statistics/intervals/mean-difference.ts';
import { quantileBounds, quantileOf } from '../../../core/statistics/intervals/quantile-bound.ts';
import { mcnemarTwoSided } from '../../../core/statistics/mcnemar.ts';
import holm from '../../../measure/vectors/answers/holm.json' with { type: 'json' };
import meanDifferences from '../../../measure/vectors/answers/mean-difference.json' with { type: 'json' };
import quantiles from '../../../measure/vectors/answers/quantile-bounds.json' with { type: 'json' };
import roc from '../../../measure/vectors/answers/roc.json' with { type: 'json' };
import rocByR from '../../../measure/vectors/answers/roc-by-r.json' with { type: 'json' };
import { FUNCTIONS, KNOWN_ANSWERS } from '../../../measure/vectors/known-answers.ts';
import { expectClose } from './close-to.ts';

describe('special functions and distributions agree with SciPy and mpmath', () => {
  for (const [name, vectors] of Map.groupBy(KNOWN_ANSWERS, (vector) => vector.function)) {
    test(`${name} gives the oracle's value at ${vectors.length} points`, () => {
      const ours = FUNCTIONS[name];
      expect(ours, `no function ${name}`).toBeDefined();
      for (const vector of vectors) {
        expectClose(ours?.(...vector.arguments) ?? Number.NaN, vector.value, `${name}(${vector.arguments})`);
      }
    });
  }

  test('every function with vectors has at least one', () => {
    expect(new Set(KNOWN_ANSWERS.map((vector) => vector.function))).toEqual(new Set(Object.keys(FUNCTIONS)));
  });
});

describe('published answers', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['log-gamma(123.4)', logGamma(123.4), 469.3360974421906],
    ['P(4.5, 3.2)', gammaP(4.5, 3.2), 0.3006874291335919],
    ['I_0.4(2, 3)', betaI(2, 3, { x: 0.4, complement: 0.6 }), 0.5248],
    ['McNemar of statsmodels and R, 15 against 19', mcnemarTwoSided(15, 19), 0.6075913613],
    ['McNemar of 121 against 59', mcnemarTwoSided(121, 59), 4.4344492638e-6],
    ['non-central chi-square (33; 9, 5)', noncentralChiSquareSurvival(33, 9, 5), 0.0074248822],
    ['non-central chi-square (150; 9, 100)', noncentralChiSquareSurvival(150, 9, 100), 0.0296306706],
    ['non-central chi-square (2300; 9, 2000)', noncentralChiSquareSurvival(2300, 9, 2000), 0.0008146899],
    ['F (5; 3, 60)', fSurvival(5, 3, 60), 0.0036756941],
    ['chi-square (21.6659943; 9)', chiSquareSurvival(21.6659943, 9), 0.01],
    ['Bonett-Price low', bonettPrice({ gains: 150, losses: 86, n: 1600 }, 0.95).interval.low, 0.0211772798],
    ['Bonett-Price high', bonettPrice({ gains: 150, losses: 86, n: 1600 }, 0.95).interval.high, 0.0587228451],
  ];
  test.each(cases)('%s', (_, ours, published) => {
    // Printed with ten digits or fewer, so one unit in the last of them is the best that can be asked.
    expect(Math.abs(ours - published)).toBeLessThanOrEqual(Math.max(5.1e-11, Math.abs(published) * 5e-8));
  });
});

test("Holm's adjustment agrees with statsmodels", () => {
  for (const { p, adjusted } of holm) {
    for (const [index, ours] of adjustHolm(p).entries()) {
      expectClose(ours, adjusted[index] ?? Number.NaN, `p ${index} of [${p}]`);
    }
  }
});

test('quantile bounds are the order statistics that scipy.stats.quantile_test gives, and absent where it has none', () => {
  for (const { values, q, lower, upper, quantile } of quantiles) {
    const bounds = quantileBounds(values, q, 0.95);
    expect([bounds.lower ?? null, bounds.upper ?? null], `q ${q} of ${values.length}`).toEqual([
      lower,
      upper,
    ]);
    expectClose(quantileOf(values, q), quantile, `quantile ${q}`);
  }
});

test('mean differences agree with the t interval of SciPy, and of statsmodels where rows come in groups', () => {
  for (const vector of meanDifferences) {
    const ours =
      vector.groupOf === undefined || vector.groups === undefined
        ? meanDifference(vector.differences, 0.9)
        : groupedMeanDifference(vector.differences, { groupOf: vector.groupOf, groups: vector.groups }, 0.9);
    expectClose(ours.estimate, vector.estimate, 'estimate');
    expectClose(ours.standardError, vector.standardError, 'standard error');
    expectClose(ours.interval.low, vector.low, 'low');
    expectClose(ours.interval.high, vector.high, 'high');
  }
});

describe('two ROC curves on the same rows', () => {
  test('have the areas and the standard error that counting every pair of rows gives, ties included', () => {
    for (const { positive, champion, challenger, ...expected } of roc) {
      const ours = compareAuc(positive, champion, challenger);
      expectClose(ours.aucA, expected.aucA, 'champion');
      expectClose(ours.aucB, expected.aucB, 'challenger');
      expect(Math.abs(ours.difference - expected.difference)).toBeLessThan(1e-12);
      expectClose(ours.standardError, expected.standardError, 'standard error');
    }
  });

  test("have the z and the p of pROC's DeLong test", () => {
    for (const { positive, champion, challenger, aucA, aucB, z, p } of rocByR) {
      const ours = compareAuc(positive, champion, challenger);
      const ourZ = ours.difference / ours.standardError;
      expectClose(ours.aucA, aucA, 'champion');
      expectClose(ours.aucB, aucB, 'challenger');
      expectClose(ourZ, z, 'z');
      expectClose(2 * normalCdf(-Math.abs(ourZ)), p, 'p');
    }
  });
});
