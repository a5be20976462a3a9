import { binomialCdf } from '../distributions/binomial.ts';
import { findRoot } from '../find-root.ts';

/** How often something happened in so many independent trials. */
type Counted = { readonly count: number; readonly trials: number };

/**
 * The largest share that is not ruled out at `alpha` by `count` of `trials`: an exact one-sided upper bound. For a count of 0 it is the rule of
 * three, about -ln(alpha) / trials.
 *
 * Claim: it lies below the true share with probability at most `alpha`, for any number of trials.
 * Assumes: independent trials.
 * Reference: Clopper & Pearson, "The use of confidence or fiducial limits" (Biometrika, 1934).
 * Vector: measure/vectors/answers/paired-proportions.json, by statsmodels.
 */
export function shareAtMost({ count, trials }: Counted, alpha: number): number {
  if (count >= trials) return 1;
  if (count === 0) return -Math.expm1(Math.log(alpha) / trials);
  return findRoot((share) => binomialCdf(count, trials, share) - alpha, { low: count / trials, high: 1 });
}
