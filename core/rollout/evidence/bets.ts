import { logSumExp } from '../../statistics/distributions/log-sum-exp.ts';

/**
 * The harms a rollout looks for, and the share of the evidence that is bet on each. They sum to 1. `refused` is for requests that the
 * candidate answers 4xx and the stable version takes, `refusedAlone` for such requests where nothing is left to compare with.
 */
export const HARM_WEIGHTS = {
  errors: 0.5,
  slow: 0.2,
  refused: 0.1,
  invalid: 0.1,
  objective: 0.05,
  refusedAlone: 0.05,
} as const;
export type Harm = keyof typeof HARM_WEIGHTS;
export const HARMS = [
  'errors',
  'slow',
  'refused',
  'invalid',
  'objective',
  'refusedAlone',
] as const satisfies readonly Harm[];

/** Each harm in words. */
export const HARM_NAMES: Readonly<Record<Harm, string>> = {
  errors: 'errors',
  slow: 'slow answers',
  refused: 'requests refused (4xx)',
  invalid: 'invalid answers',
  objective: 'absolute objective',
  refusedAlone: 'requests refused (4xx) with nothing beside it',
};

/** Log of the evidence for each harm by itself. `gross` is for errors at least three times as likely. */
export type HarmEvidence = Readonly<Record<Harm, number>> & { readonly gross: number };

/** What is bet on each: the log of its share, so that capital is this plus its evidence. Absent where nothing is. */
export type Bets = Readonly<Partial<Record<keyof HarmEvidence, number>>>;

/** Everything there is to bet on. */
const ALL = [...HARMS, 'gross'] as const satisfies readonly (keyof HarmEvidence)[];

/** Of each harm, before any poll. */
export const NO_EVIDENCE: HarmEvidence = {
  ...{ errors: 0, gross: 0, slow: 0, refused: 0, invalid: 0 },
  ...{ objective: 0, refusedAlone: 0 },
};

/** The bets before any poll: what no harm is awake for is bet on gross errors. */
export function startBets(awake: ReadonlySet<Harm>): Bets {
  return shareOut(0, awake, NO_EVIDENCE);
}

/**
 * Shares all capital out anew, when a harm has its first say: there is a table that could have come out otherwise. Until then
 * its share was better used on gross errors. What is bet depends on the past and on the totals of the present interval only,
 * and capital is neither made nor lost, so the sum remains an e-process.
 *
 * Claim: with equal versions the capital ever reaches 1 / alpha with probability at most alpha, over all harms together.
 * Assumes: each harm's evidence is an e-process by itself; they may depend on each other in any way.
 * Reference: Vovk & Wang (Annals of Statistics, 2021, arXiv 1912.06116): the mean of e-values is one.
 * Vector: test/core/rollout/evidence.test.ts; measure/simulate/rollout.ts, row 1 of docs/decisions.md.
 */
export function shareOutAnew(bets: Bets, evidence: HarmEvidence, awake: ReadonlySet<Harm>): Bets {
  return shareOut(logCapital(bets, evidence), awake, evidence);
}

/** Log of all capital: the one evidence that decides. */
export function logCapital(bets: Bets, evidence: HarmEvidence): number {
  return logSumExp(ALL.map((harm) => logCapitalOf(harm, bets, evidence)));
}

/** The harm that holds most of the capital; gross errors are errors. */
export function carryingHarm(bets: Bets, evidence: HarmEvidence): Harm {
  const capitalOf = (harm: Harm) =>
    harm === 'errors'
      ? logSumExp([logCapitalOf('errors', bets, evidence), logCapitalOf('gross', bets, evidence)])
      : logCapitalOf(harm, bets, evidence);
  return HARMS.reduce((best, harm) => (capitalOf(harm) > capitalOf(best) ? harm : best));
}

function logCapitalOf(harm: keyof HarmEvidence, bets: Bets, evidence: HarmEvidence): number {
  const bet = bets[harm];
  return bet === undefined ? Number.NEGATIVE_INFINITY : bet + evidence[harm];
}

function shareOut(logAll: number, awake: ReadonlySet<Harm>, evidence: HarmEvidence): Bets {
  const asleep = HARMS.filter((harm) => !awake.has(harm));
  const left = asleep.reduce((sum, harm) => sum + HARM_WEIGHTS[harm], 0);
  const betOn = (harm: keyof HarmEvidence, share: number) => logAll + Math.log(share) - evidence[harm];
  return {
    ...Object.fromEntries([...awake].map((harm) => [harm, betOn(harm, HARM_WEIGHTS[harm])])),
    ...(left > 0 && { gross: betOn('gross', left) }),
  };
}
