import { epochMs } from '../../instant.ts';
import { type CaptureWindow, HOURS_PER_DAY } from '../window.ts';

/** Predictions by hour of the day (UTC) of a window that stands for a day, or is within an hour: nights and Sundays are told by them. */
export function hoursOf({ hours, from, n }: Pick<CaptureWindow, 'hours' | 'from' | 'n'>): readonly number[] {
  if (hours !== undefined) return hours;
  const own = new Date(epochMs(from)).getUTCHours();
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) => (hour === own ? n : 0));
}
