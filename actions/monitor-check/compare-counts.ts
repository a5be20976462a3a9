import type { CaptureWindow } from '../../core/drift/window.ts';
import { addSeconds, type Instant, isAfter, isBefore } from '../../core/instant.ts';
import type { HostReport } from '../../core/monitor/monitor-input.ts';
import type { HourCounts } from '../../core/serving/hour-counts.ts';

/** So far back it is looked, in s. */
export const COUNTING_SECONDS = 86_400;
/** What was answered later may be in a window that is still open, in s. */
const OPEN_WINDOW_SECONDS = 7_200;
const SECONDS_PER_HOUR = 3_600;

type Seen = { readonly windows: readonly CaptureWindow[]; readonly hours: readonly HourCounts[] };

/** What a host's proxy saw answered by its stable version in whole hours since then, and what its model servers counted of that version. */
export function compareCounts(
  { windows, hours }: Seen,
  { version, since, now }: { readonly version: string; readonly since: Instant; readonly now: Instant },
): NonNullable<HostReport['counting']> {
  const settled = addSeconds(now, -OPEN_WINDOW_SECONDS - SECONDS_PER_HOUR);
  const answered = hours
    .filter(({ at }) => !isBefore(at, since) && !isAfter(at, settled))
    .reduce((sum, { requests, errors, refused }) => sum + requests - errors - refused, 0);
  const counted = windows
    .filter((window) => window.version === version && isAfter(window.to, since))
    .reduce((sum, { n }) => sum + n, 0);
  return { answered: Math.max(0, answered), counted };
}
