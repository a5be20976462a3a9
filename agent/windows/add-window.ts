import { type CaptureWindow, HOURS_PER_DAY } from '../../core/drift/window.ts';
import { epochMs } from '../../core/instant.ts';
import { combineCounts } from './combine-counts.ts';

/** The later window behind the sum of the earlier ones of its day, as one window that stands for all of them. */
export function addWindow(sum: CaptureWindow, window: CaptureWindow): CaptureWindow {
  const [before, after] = [hoursOf(sum), hoursOf(window)];
  const hours = before.map((n, hour) => n + (after[hour] ?? 0));
  return { ...sum, to: window.to, ...combineCounts(sum, window, 1), hours };
}

/** Predictions by hour of the day: nights and Sundays are told by them once the windows themselves are gone. */
function hoursOf({ hours, from, n }: CaptureWindow): readonly number[] {
  if (hours !== undefined) return hours;
  const own = new Date(epochMs(from)).getUTCHours();
  return Array.from({ length: HOURS_PER_DAY }, (_, hour) => (hour === own ? n : 0));
}
