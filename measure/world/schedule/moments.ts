/**
 * What those in the world say when something begins that is easily disturbed, by the name of that moment. The worst that can happen
 * happens then, and a time that is drawn from two minutes hits it once in hundreds of schedules.
 */
export const MOMENTS = {
  /** The candidate gets its first share. */
  raised: / gets 10 % of the traffic/,
  /** It gets everything, and the stable version nothing. */
  'last-stage': / gets 100 % of the traffic/,
  /** A stage has what it needs: the job is on its way to write that down, and to raise or promote. */
  passed: / passed after /,
  /** A host takes its traffic back by itself. */
  braked: /Braked /,
} as const;

/** A moment that something waits for: the first of its kind in a schedule. */
export type WorldMoment = keyof typeof MOMENTS;
