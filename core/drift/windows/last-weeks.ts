import { addSeconds, isAfter } from '../../instant.ts';
import { type CaptureWindow, hasTimes } from '../window.ts';

/** What is wrong now, and how often answers are right, is looked for in so many weeks; drift is followed through all that is kept. */
export const WEEKS = 5;
const WEEK_SECONDS = 7 * 86_400;

/** The windows that ended in the last weeks before this time. */
export function lastWeeks(windows: readonly CaptureWindow[], until: string): readonly CaptureWindow[] {
  const since = addSeconds(until, -WEEKS * WEEK_SECONDS);
  return windows.filter((window) => hasTimes(window) && isAfter(window.to, since));
}
