import { logGamma, stirlingSeries } from './log-gamma.ts';

const TWO_PI = 2 * Math.PI;
const HALF_LOG_TWO_PI = 0.9189385332046728;

/**
 * e^-mean mean^x / gamma(x + 1) for real `x` >= 0: the Poisson probability of `x`.
 *
 * Claim: exact to about 1e-14 even where the plain formula cancels.
 * Reference: C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
 * Vector: through what rests on it, measure/vectors/answers/gamma.json and beta.json, by mpmath.
 */
export function poissonDensity(x: number, mean: number): number {
  if (mean === 0) return x === 0 ? 1 : 0;
  if (x === 0) return Math.exp(-mean);
  if (!Number.isFinite(mean)) return 0;
  return Math.exp(-stirlingError(x) - deviance(x, mean)) / Math.sqrt(TWO_PI * x);
}

/** The two probabilities of a trial, p + q = 1, given apart so that neither has to be a difference. */
type Chances = { readonly p: number; readonly q: number };

/** p^x q^(n-x) gamma(n+1) / (gamma(x+1) gamma(n-x+1)) for real 0 <= `x` <= `n`. Claim, reference and vector as for `poissonDensity`. */
export function binomialDensity(x: number, n: number, { p, q }: Chances): number {
  if (x < 0 || x > n) return 0;
  if (p === 0) return x === 0 ? 1 : 0;
  if (q === 0) return x === n ? 1 : 0;
  if (x === 0) return Math.exp(p < 0.1 ? n * Math.log1p(-p) : n * Math.log(q));
  if (x === n) return Math.exp(q < 0.1 ? n * Math.log1p(-q) : n * Math.log(p));
  const rest = n - x;
  const errors = stirlingError(n) - stirlingError(x) - stirlingError(rest);
  const log = errors - deviance(x, n * p) - deviance(rest, n * q);
  return Math.exp(log) * Math.sqrt(n / (TWO_PI * x * rest));
}

/** log(gamma(x+1)) - (x + 1/2) log x + x - log(2 pi) / 2 for `x` > 0: what Stirling's formula leaves out. */
export function stirlingError(x: number): number {
  if (x >= 10) return stirlingSeries(x);
  return logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - HALF_LOG_TWO_PI;
}

/** x log(x / mean) + mean - x for `x`, `mean` > 0, by its series where the two nearly agree. */
export function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * logRatio(x, mean) - difference;
  const ratio = difference / (x + mean);
  const square = ratio * ratio;
  let sum = difference * ratio;
  let term = 2 * x * ratio;
  for (let odd = 3; odd < 200; odd += 2) {
    term *= square;
    const next = sum + term / odd;
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** log(x / y), also where the ratio is no finite number. */
function logRatio(x: number, y: number): number {
  const ratio = x / y;
  return ratio > 0 && Number.isFinite(ratio) ? Math.log(ratio) : Math.log(x) - Math.log(y);
}
