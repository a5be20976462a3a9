import type { CaptureWindow } from '../window.ts';
import { combineCounts } from './combine-counts.ts';
import { hoursOf } from './hours-of.ts';

/** The later window behind the sum of the earlier ones of its day, as one window that stands for all of them. */
export function addWindow(sum: CaptureWindow, window: CaptureWindow): CaptureWindow {
  const [before, after] = [hoursOf(sum), hoursOf(window)];
  const hours = before.map((n, hour) => n + (after[hour] ?? 0));
  return { ...sum, to: window.to, ...combineCounts(sum, window, 1), hours };
}
