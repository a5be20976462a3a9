import { expect, test } from 'vitest';
import { fisherLogProbabilities } from '../../../core/statistics/distributions/fisher-noncentral-hypergeometric.ts';
import vectors from '../../../measure/vectors/answers/fisher-noncentral-by-r.json' with { type: 'json' };
import { expectClose } from './close-to.ts';

test(`Fisher's non-central hypergeometric has the probabilities of R's BiasedUrn in ${vectors.length} tables`, () => {
  for (const { x, canary, baseline, bad, odds, probability } of vectors) {
    const table = { candidateTotal: canary, candidateBad: x, stableTotal: baseline, stableBad: bad - x };
    const [log = Number.NaN] = fisherLogProbabilities(table, [odds]);
    expectClose(
      Math.exp(log),
      probability,
      `${x} of ${bad} bad, ${canary} and ${baseline} requests, odds ratio ${odds}`,
    );
  }
  expect(vectors.length).toBeGreaterThan(20);
});
