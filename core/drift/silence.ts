import { epochMs, toInstant } from '../instant.ts';
import { formatCount, formatDuration } from '../report/format-number.ts';
import { sumOf } from '../statistics/sum-of.ts';
import type { FastFinding } from './prediction-checks.ts';
import { type CaptureWindow, HOURS_PER_DAY } from './window.ts';
import { WEEKS } from './windows/last-weeks.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = HOURS_PER_DAY * HOUR_MS;
const WEEK_HOURS = 168;
/** Days that must be known before an hour of theirs says anything of the next day. */
const FEWEST_DAYS = 3;
/** Nobody asks for so long before anything is said. */
const SHORTEST_MS = HOUR_MS;
/** Chance makes a stretch empty in which so many requests usually come once in 10^8 times. */
const EXPECTED_REQUESTS = 20;
/** What is silent for so long, and half as long again as ever before, is told of though nothing is known of its weeks. */
const LONG_MS = 72 * HOUR_MS;
const LONGER_THAN_EVER = 1.5;
/** So many refused requests are clients that ask, not somebody who knocks. */
const FEWEST_REFUSED = 20;

/**
 * A finding when nothing was answered for an hour or more, up to `until`, in which requests usually come, or when all requests of such a
 * stretch were refused. What is usual is the least that came in the same hours of the weeks before, whatever version answered; while no
 * week is known, of the days before. So a service that sleeps at night and on Sundays may sleep.
 *
 * Claim: while requests come as they did in the weeks before, one stretch in 10^8 is taken for silence by chance.
 * Assumes: requests of an hour are Poisson, and no hour has fewer than the fewest of its weeks.
 * Vector: test/core/drift/silence.test.ts.
 */
export function findSilence(
  windows: readonly CaptureWindow[],
  { version, until }: { readonly version: string; readonly until?: string | undefined },
): FastFinding | undefined {
  const ours = windows.filter((window) => window.version === version);
  const last = latest(ours.filter(({ n }) => n > 0).map(lastAnswer));
  const end = until === undefined ? latest(ours.map(({ to }) => epochMs(to))) : epochMs(until);
  const length = end - last;
  if (!Number.isFinite(length) || length < SHORTEST_MS) return undefined;
  const refused = sumOf(ours.filter(({ from }) => epochMs(from) >= last).map((window) => window.refused));
  const during = `in the last ${formatDuration(length / 1000)}`;
  const silence = { metric: 'requests', observed: 0, sampleSize: refused, since: toInstant(last) };
  if (refused >= FEWEST_REFUSED) {
    const message =
      `All ${formatCount(refused)} requests ${during} were refused, and none was answered. ` +
      "Compare what clients send with the model's signature.";
    return { ...silence, code: 'only-refused', message };
  }
  const byHour = countByHour(windows);
  const expected = expectRequests(byHour, { last, end });
  const found = { ...silence, code: 'zero-traffic', limit: EXPECTED_REQUESTS };
  if (expected >= EXPECTED_REQUESTS) {
    const usual = `${formatCount(Math.floor(expected))} or more usually are at this time`;
    return { ...found, message: `No prediction was asked for ${during}, and ${usual}.` };
  }
  if (length < LONG_MS || length < LONGER_THAN_EVER * longestGap(byHour)) return undefined;
  return { ...found, message: `No prediction was asked for ${during}, longer than ever before.` };
}

/** Until when it answered, in ms: to the hour of a window that stands for a day. */
function lastAnswer({ from, to, hours }: CaptureWindow): number {
  if (hours === undefined) return epochMs(to);
  const midnight = Math.floor(epochMs(from) / DAY_MS) * DAY_MS;
  return Math.min(epochMs(to), midnight + (hours.findLastIndex((n) => n > 0) + 1) * HOUR_MS);
}

/** Answered requests by hour, counted from 1970. An hour without any is not there. */
type HourCounts = ReadonlyMap<number, number>;

function countByHour(windows: readonly CaptureWindow[]): HourCounts {
  const counts = new Map<number, number>();
  const add = (hour: number, n: number) => n > 0 && counts.set(hour, (counts.get(hour) ?? 0) + n);
  for (const { from, to, n, hours } of windows) {
    const hour = Math.floor(epochMs(from) / HOUR_MS);
    // Of a longer one nobody knows in which hours its requests came.
    if (hours === undefined && epochMs(to) - epochMs(from) <= HOUR_MS) add(hour, n);
    const midnight = hour - (hour % HOURS_PER_DAY);
    hours?.forEach((answered, ofDay) => {
      add(midnight + ofDay, answered);
    });
  }
  return counts;
}

/** How many requests usually come between two instants. */
function expectRequests(
  byHour: HourCounts,
  { last, end }: { readonly last: number; readonly end: number },
): number {
  const first = Math.min(...byHour.keys());
  const hours = Array.from(
    { length: Math.ceil(end / HOUR_MS) - Math.floor(last / HOUR_MS) },
    (_, index) => Math.floor(last / HOUR_MS) + index,
  );
  return sumOf(
    hours.map((hour) => {
      const inside = Math.min(end, (hour + 1) * HOUR_MS) - Math.max(last, hour * HOUR_MS);
      return (inside / HOUR_MS) * usualOf(byHour, hour, first);
    }),
  );
}

/** The least of the same hour in the weeks before; of the days before where no week is known. */
function usualOf(byHour: HourCounts, hour: number, first: number): number {
  const back = (step: number, most: number) =>
    Array.from({ length: most }, (_, index) => hour - step * (index + 1)).filter((one) => one > first);
  const weeks = back(WEEK_HOURS, WEEKS);
  const days = back(HOURS_PER_DAY, WEEK_HOURS / HOURS_PER_DAY);
  const alike = weeks.length > 0 ? weeks : days;
  if (weeks.length === 0 && (days.length < FEWEST_DAYS || isWeekend(hour))) return 0;
  return Math.min(...alike.map((one) => byHour.get(one) ?? 0));
}

/** Saturday or Sunday, UTC. 1 January 1970 was a Thursday. */
function isWeekend(hour: number): boolean {
  const day = (Math.floor(hour / HOURS_PER_DAY) + 4) % 7;
  return day === 0 || day === 6;
}

/** The longest stretch between two hours with requests, in ms. */
function longestGap(byHour: HourCounts): number {
  const busy = [...byHour.keys()].sort((a, b) => a - b);
  return HOUR_MS * Math.max(0, ...busy.slice(1).map((hour, index) => hour - (busy[index] ?? hour)));
}

function latest(times: readonly number[]): number {
  return Math.max(...times);
}
