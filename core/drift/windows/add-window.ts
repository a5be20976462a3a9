import { epochMs } from '../../instant.ts';
import { type CaptureWindow, HOURS_PER_DAY } from '../window.ts';
import { combineCounts } from './combine-counts.ts';

/** The later window behind the sum of the earlier ones of its day, as one window that stands for all of them. */
export function addWindow(sum: CaptureWindow, window: CaptureWindow): CaptureWindow {
  const [before, after] = [hoursOf(sum), hoursOf(window)];
  const hours = before.map((n, hour) => n + (after[hour] ?? 0));
  return { ...sum, to: window.to, ...combineCounts(sum, window, 1), hours };
}

/** Predictions by hour of the day (UTC) of a window that stands for a day, or is within an hour: nights and Sundays are told by them. */
function hoursOf({ hours, from, n }: Pick<CaptureWindow, 'hours' | 'from' | 'n'>): readonly number[] {
  if (hours !== undefined) return hours;
  const own = new Date(epochMs(from)).getUTCHours();
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) => (hour === own ? n : 0));
}
