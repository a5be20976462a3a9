import { logGamma } from '../distributions/log-gamma.ts';

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
 * Vector: test/core/statistics/sequential/request-share.test.ts.
 */
export function logShareEvidence(candidate: number, stable: number, share: number): number {
  const a = PRIOR_REQUESTS * share;
  const b = PRIOR_REQUESTS * (1 - share);
  const configured = candidate * Math.log(share) + stable * Math.log1p(-share);
  return logBeta(a + candidate, b + stable) - logBeta(a, b) - configured;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}
