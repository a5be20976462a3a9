import type { Interval } from '../../verdict.ts';
import type { Undefined } from '../metrics/metric.ts';

/** One-sided error of a bound, unless the holdout has been used for superiority claims before. */
export const ALPHA = 0.05;

/** Fewer rows than this are reported, never judged. */
export const MIN_ROWS = 30;
/** Fewer groups than this give no usable spread between groups. */
export const MIN_GROUPS = 10;
/** Fewer rows than this of either class, and the spread of a ranking's errors is not known. */
export const MIN_PER_CLASS = 10;

/** A difference of two models on the same rows, positive where the challenger is better. */
export type Difference = {
  readonly estimate: number;
  readonly standardError: number;
  /** Two-sided with coverage 1 - 2 alpha, so that each end is a one-sided bound at 1 - alpha. */
  readonly interval: Interval;
  readonly method: string;
  /**
   * p of the hypothesis "at most `margin` worse": small where harm is shown. `family` is how many such tests share one error, which decides how
   * small a p has to be able to get.
   */
  readonly harmP: (margin: number, family: number) => number;
};

/** Two models compared by one metric. */
export type Comparison = Difference & {
  /** How far the lower bound was moved for harm of kinds that no row here shows. */
  readonly unseen: number;
  readonly champion: number;
  readonly challenger: number;
  readonly rows: number;
};

export type CompareOptions = {
  /** One-sided error of each bound. */
  readonly alpha: number;
  /** What the bootstrap's random numbers depend on, and nothing else. */
  readonly seed: string;
};

/** Why so few rows cannot be judged. */
export function tooFewRows(rows: number): Undefined {
  const counted = rows === 1 ? '1 row is' : `${rows} rows are`;
  return {
    code: 'too-few-rows',
    message: `${counted} too few to judge by; at least ${MIN_ROWS} are needed.`,
  };
}

/** Why rows in so few groups cannot be judged. */
export function tooFewGroups(groups: number): Undefined {
  return {
    code: 'too-few-groups',
    message: `${groups} groups of rows are too few to judge by; at least ${MIN_GROUPS} are needed.`,
  };
}
