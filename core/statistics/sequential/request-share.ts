import { deviance, stirlingError } from '../distributions/saddle-point.ts';

/** How strongly the prior holds to the configured share: as if this many requests had been seen. */
const PRIOR_REQUESTS = 100;

/**
 * Log of the evidence that requests are not split as configured, after `candidate` and `stable` requests at the candidate share
 * `share` in (0, 1): a beta-binomial mixture over shares against the configured one.
 *
 * Claim: while the split is right, the evidence ever reaches 1 / alpha with probability at most alpha, however often one looks.
 * Assumes: each request is sent to the candidate with probability `share`, independently of the others. Counts need not be whole: with
 * sticky users it is users who are split, and as many requests as one of them has sent count as one.
 * Reference: Lindon & Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022, arXiv 2011.03567).
 * Vector: test/core/statistics/sequential/request-share.test.ts; measure/vectors/answers/edges.json, by mpmath.
 */
export function logShareEvidence(candidate: number, stable: number, share: number): number {
  const prior = { a: PRIOR_REQUESTS * share, b: PRIOR_REQUESTS * (1 - share) };
  const [a, b] = [prior.a + candidate, prior.b + stable];
  const all = a + b;
  // log-gammas of a hundred million differ by less than they round: what they have in common is left out beforehand.
  const apart = deviance(a, all * share) + deviance(b, all * (1 - share));
  const spread = Math.log((all / PRIOR_REQUESTS) * (prior.a / a) * (prior.b / b)) / 2;
  return apart + spread + stirlingErrors(a, b) - stirlingErrors(prior.a, prior.b);
}

function stirlingErrors(a: number, b: number): number {
  return stirlingError(a) + stirlingError(b) - stirlingError(a + b);
}
