import {
  binomialCdf,
  binomialProbability,
  binomialQuantile,
  binomialSurvival,
} from '../../core/statistics/distributions/binomial.ts';
import {
  chiSquareSurvival,
  noncentralChiSquareSurvival,
} from '../../core/statistics/distributions/chi-square.ts';
import { fSurvival } from '../../core/statistics/distributions/f-distribution.ts';
import { fisherLogProbabilities } from '../../core/statistics/distributions/fisher-noncentral-hypergeometric.ts';
import { betaI } from '../../core/statistics/distributions/incomplete-beta.ts';
import { gammaP, gammaQ } from '../../core/statistics/distributions/incomplete-gamma.ts';
import { logGamma } from '../../core/statistics/distributions/log-gamma.ts';
import { normalCdf, normalQuantile } from '../../core/statistics/distributions/normal.ts';
import { expectedNormalRange } from '../../core/statistics/distributions/normal-range.ts';
import { studentQuantile, studentSurvival } from '../../core/statistics/distributions/student-t.ts';
import { agrestiCaffoLower } from '../../core/statistics/intervals/agresti-caffo.ts';
import { shareAtMost } from '../../core/statistics/intervals/clopper-pearson.ts';
import { wilsonInterval } from '../../core/statistics/intervals/wilson.ts';
import { mcnemarHarm, mcnemarTwoSided } from '../../core/statistics/mcnemar.ts';
import { logShareEvidence } from '../../core/statistics/sequential/request-share.ts';
import beta from './answers/beta.json' with { type: 'json' };
import distributions from './answers/distributions.json' with { type: 'json' };
import edges from './answers/edges.json' with { type: 'json' };
import gamma from './answers/gamma.json' with { type: 'json' };
import normalRange from './answers/normal-range.json' with { type: 'json' };
import pairedProportions from './answers/paired-proportions.json' with { type: 'json' };

/** What an oracle says a function of ours gives at these arguments. */
type KnownAnswer = {
  readonly function: string;
  readonly arguments: readonly number[];
  readonly value: number;
};

/** The answers that `make.py` wrote for functions of plain numbers. */
export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  ...gamma,
  ...beta,
  ...distributions,
  ...pairedProportions,
  ...normalRange,
  ...edges,
];

/** Values under this are tails, where oracles themselves lose digits. */
export const TAIL = 1e-12;

type Numeric = (...values: number[]) => number;

/** Our functions by the names the answers use. */
export const FUNCTIONS: Readonly<Record<string, Numeric>> = {
  logGamma,
  gammaP: (a = 0, x = 0) => gammaP(a, x),
  gammaQ: (a = 0, x = 0) => gammaQ(a, x),
  betaI: (a = 0, b = 0, x = 0) => betaI(a, b, { x, complement: 1 - x }),
  normalCdf,
  normalQuantile,
  chiSquareSurvival: (x = 0, df = 0) => chiSquareSurvival(x, df),
  noncentralChiSquareSurvival: (x = 0, df = 0, nc = 0) => noncentralChiSquareSurvival(x, df, nc),
  fSurvival: (x = 0, d1 = 0, d2 = 0) => fSurvival(x, d1, d2),
  studentSurvival: (t = 0, df = 0) => studentSurvival(t, df),
  studentQuantile: (p = 0, df = 0) => studentQuantile(p, df),
  binomialProbability: (k = 0, n = 0, p = 0) => binomialProbability(k, n, p),
  binomialCdf: (k = 0, n = 0, p = 0) => binomialCdf(k, n, p),
  binomialSurvival: (k = 0, n = 0, p = 0) => binomialSurvival(k, n, p),
  binomialQuantile: (q = 0, n = 0, p = 0) => binomialQuantile(q, n, p),
  mcnemarTwoSided: (b = 0, c = 0) => mcnemarTwoSided(b, c),
  mcnemarHarm: (b = 0, c = 0) => mcnemarHarm(b, c),
  agrestiCaffoLower: (...[x1 = 0, n1 = 0, x2 = 0, n2 = 0, z = 0]) =>
    agrestiCaffoLower({ successes: x1, n: n1 }, { successes: x2, n: n2 }, z),
  shareAtMost: (count = 0, trials = 0, alpha = 0) => shareAtMost({ count, trials }, alpha),
  wilsonLower: (rate = 0, n = 0, level = 0) => wilsonInterval(rate, n, level).low,
  expectedNormalRange,
  fisherProbability: (
    ...[candidateTotal = 0, stableTotal = 0, candidateBad = 0, stableBad = 0, oddsRatio = 1]
  ) =>
    Math.exp(
      fisherLogProbabilities({ candidateTotal, stableTotal, candidateBad, stableBad }, [oddsRatio])[0] ??
        Number.NaN,
    ),
  logShareEvidence: (candidate = 0, stable = 0, share = 0) => logShareEvidence(candidate, stable, share),
};

/** How far our value is from the oracle's, relative to it. */
export function relativeError(ours: number, oracle: number): number {
  return oracle === 0 ? Math.abs(ours) : Math.abs(ours - oracle) / Math.abs(oracle);
}

/** The largest relative errors over all known answers, tails apart. */
export function worstDisagreement(): {
  readonly error: number;
  readonly tailError: number;
  readonly compared: number;
} {
  let error = 0;
  let tailError = 0;
  for (const answer of KNOWN_ANSWERS) {
    const ours = FUNCTIONS[answer.function]?.(...answer.arguments) ?? Number.NaN;
    const apart = relativeError(ours, answer.value);
    if (Number.isNaN(apart))
      return { error: Number.NaN, tailError: Number.NaN, compared: KNOWN_ANSWERS.length };
    if (Math.abs(answer.value) < TAIL && answer.value !== 0) tailError = Math.max(tailError, apart);
    else error = Math.max(error, apart);
  }
  return { error, tailError, compared: KNOWN_ANSWERS.length };
}
