import { logGamma } from '../distributions/log-gamma.ts';

/** How strongly the prior holds to the configured share: as if this many requests had been seen. */
const PRIOR_REQUESTS = 100;

/**
 * Log of the evidence that requests are not split as configured, after `candidate` and `stable` requests at the
 * candidate share `share` in (0, 1): a beta-binomial mixture over shares against the configured one
 * (Lindon & Malek 2022). Its expectation is at most 1 at any time one chooses to look, when the split is right.
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
