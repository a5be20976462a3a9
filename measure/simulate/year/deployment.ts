/** How one deployment is served and what its model was profiled on. */
export type Circumstances = {
  /** Rows of the holdout that the reference profile was made of. */
  readonly holdout: number;
  /** Whether its rows have times, so that the profile knows days. */
  readonly hasDays: boolean;
  /** How much the mean of each column wanders from day to day, in its standard deviations. */
  readonly wobble: number;
  /** Requests of a working day; a Saturday or Sunday has a third of them. */
  readonly rowsPerDay: number;
  /** Whether requests come from 9 to 18 h (UTC) only, or around the clock. */
  readonly isOffice: boolean;
  /** Hour of the day (UTC) at which the monitor looks. */
  readonly checkHour: number;
};

/** Rows of the holdouts that are simulated. */
export const HOLDOUTS = [300, 1_000, 5_000, 20_000] as const;
/** The least holdout for which docs/decisions.md promises anything of drift. */
export const LARGE_HOLDOUT = 5_000;
const WOBBLES = [0, 0.02, 0.05] as const;
const CHECK_HOURS = [0, 6, 9, 15] as const;
/** On a Saturday or Sunday there are as many as a promise of docs/decisions.md is about: 1,000. */
const ROWS_PER_DAY = 3_000;

/** The deployment of this number: every holdout, wobble, kind of profile and traffic in turn, so that any 48 in a row hold each of them. */
export function deploymentOf(index: number): Circumstances {
  const pick = <T>(choices: readonly [T, ...T[]], every: number): T =>
    choices[Math.floor(index / every) % choices.length] ?? choices[0];
  return {
    holdout: pick(HOLDOUTS, 1),
    wobble: pick(WOBBLES, 4),
    hasDays: pick([true, false], 12),
    isOffice: pick([false, true], 24),
    // In steps of a number that shares no factor with the others.
    checkHour: pick(CHECK_HOURS, 5),
    rowsPerDay: ROWS_PER_DAY,
  };
}
