import { DEFAULT_DRIFT_OPTIONS } from '../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../core/drift/judge-drift.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { makeDraws } from '../simulate/draws.ts';
import { drawDay, drawProfile } from '../simulate/drifting-data.ts';
import type { Size } from './size.ts';

const SIZES = { full: { hosts: 100, days: 365 }, tiny: { hosts: 2, days: 40 } } as const;
const ROWS_PER_HOST = 1000;
const TARGET_SECONDS = 10;
const TARGET_MEGABYTES = 500;
/** Four times the days should take about four times as long; much more would not be linear. */
const MOST_GROWTH = 6;

/** monitor-check's judging over 100 hosts, a year of daily windows and 20 histograms: time, memory, and how they grow. */
export async function benchDrift(size: Size): Promise<void> {
  const { hosts, days } = SIZES[size];
  const draws = makeDraws('bench');
  const profile = drawProfile(draws, ROWS_PER_HOST, 0.1);
  const oneHost = Array.from({ length: days }, (_, day) =>
    drawDay(draws, day, { rows: ROWS_PER_HOST, wobble: 0.1, shift: 0 }),
  );
  const quarter = timeJudgement(profile, spread(oneHost.slice(0, Math.round(days / 4)), hosts));
  const year = timeJudgement(profile, spread(oneHost, hosts));
  const megabytes = process.memoryUsage().rss / 1e6;
  const growth = year.seconds / quarter.seconds;
  const lines = [
    `drift: ${hosts} hosts x ${days} daily windows x 20 histograms: ${year.batches} batches`,
    `  time   ${year.seconds.toFixed(2)} s (target <= ${TARGET_SECONDS} s)`,
    `  memory ${megabytes.toFixed(0)} MB of the whole process, windows included (target <= ${TARGET_MEGABYTES} MB)`,
    `  growth x${growth.toFixed(1)} for 4 times the days (target <= x${MOST_GROWTH}; x4 is linear)`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const isMet = year.seconds <= TARGET_SECONDS && megabytes <= TARGET_MEGABYTES && growth <= MOST_GROWTH;
  if (size === 'full' && !isMet) throw new Error('the drift benchmark misses a target');
}

/** The same year for every host, as hosts that share traffic see it, each with objects of its own. */
function spread(days: readonly CaptureWindow[], hosts: number): readonly CaptureWindow[] {
  return Array.from({ length: hosts }, (_, host) =>
    days.map((day) => ({
      ...structuredClone(day),
      hostId: `00000000-0000-4000-8000-${String(host).padStart(12, '0')}`,
    })),
  ).flat();
}

function timeJudgement(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
): { readonly seconds: number; readonly batches: number } {
  const start = process.cpuUsage();
  const drift = judgeDrift(profile, windows, DEFAULT_DRIFT_OPTIONS);
  judgeFastLane(profile, windows, DEFAULT_FAST_LANE_OPTIONS);
  return { seconds: process.cpuUsage(start).user / 1e6, batches: drift.batches };
}
