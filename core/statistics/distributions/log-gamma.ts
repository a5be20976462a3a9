const EULER_MASCHERONI = 0.5772156649015329;
const HALF_LOG_TWO_PI = 0.9189385332046728;

/** Below this the Stirling series is not yet exact to double precision, so the argument is moved up. */
const STIRLING_FROM = 10;

/** Bernoulli coefficients B(2k) / (2k (2k-1)) of the Stirling series. */
const STIRLING = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
] as const;

/** (zeta(k) - 1) / k for k = 2, 3, ...: the Taylor coefficients of log-gamma around 2, up to sign. */
const TAYLOR = Array.from({ length: 30 }, (_, index) => zetaMinusOne(index + 2) / (index + 2));

/**
 * Natural logarithm of the gamma function for `x` > 0; `+Infinity` at 0, `NaN` below it.
 *
 * Claim: relative error about 1e-15, also near its zeros at 1 and 2.
 * Reference: Abramowitz & Stegun 6.1.33 (Taylor series around 1 and 2) and 6.1.41 (Stirling's series elsewhere).
 * Vector: measure/vectors/answers/gamma.json, by mpmath.
 */
export function logGamma(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0 || x === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x < 0.5) return logGammaOfOneAnd(x) - Math.log(x);
  if (x < 1.5) return logGammaOfOneAnd(x - 1);
  if (x < 2.5) return aroundTwo(x - 2);
  if (x < STIRLING_FROM) return shiftedStirling(x);
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingSeries(x);
}

/** log-gamma(1 + z) for |z| <= 1/2, exact also where 1 + z would lose z's digits. Claim, reference and vector as for `logGamma`. */
export function logGammaOfOneAnd(z: number): number {
  return aroundTwo(z) - Math.log1p(z);
}

/** log n! for a whole number `n` >= 0. */
export function logFactorial(n: number): number {
  return logGamma(n + 1);
}

/** The error term of Stirling's formula, log-gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), for `x` >= 10. */
export function stirlingSeries(x: number): number {
  const inverseSquare = 1 / (x * x);
  return STIRLING.reduceRight((sum, coefficient) => sum * inverseSquare + coefficient, 0) / x;
}

/** log-gamma(2 + z) for |z| <= 1/2. */
function aroundTwo(z: number): number {
  const series = TAYLOR.reduceRight((sum, coefficient) => coefficient - z * sum, 0);
  return z * (1 - EULER_MASCHERONI) + z * z * series;
}

function shiftedStirling(x: number): number {
  let product = 1;
  let shifted = x;
  for (; shifted < STIRLING_FROM; shifted += 1) product *= shifted;
  return logGamma(shifted) - Math.log(product);
}

/** zeta(k) - 1 by Euler-Maclaurin summation from 20 on. */
function zetaMinusOne(k: number): number {
  const cut = 20;
  let sum = 0;
  for (let n = cut - 1; n >= 2; n -= 1) sum += n ** -k;
  const tail = cut ** (1 - k) / (k - 1) + cut ** -k / 2 + (k * cut ** (-k - 1)) / 12;
  const third = (k * (k + 1) * (k + 2) * cut ** (-k - 3)) / 720;
  const fifth = (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * cut ** (-k - 5)) / 30240;
  const seventh = (rising(k, 7) * cut ** (-k - 7)) / 1209600;
  return sum + tail - third + fifth - seventh;
}

function rising(start: number, count: number): number {
  let product = 1;
  for (let step = 0; step < count; step += 1) product *= start + step;
  return product;
}
