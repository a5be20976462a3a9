import { formatCount, formatDecimal, formatDuration } from '../../../report/format-number.ts';

/** Where there is nothing to say. */
export const NOTHING_KNOWN = '–';

/** `12 ms`, `1.5 s`; a dash where it is not known. */
export function sayMs(ms: number | undefined): string {
  if (ms === undefined) return NOTHING_KNOWN;
  return ms < 1_000 ? `${formatCount(ms)} ms` : `${formatDecimal(ms / 1_000)} s`;
}

/** `12 min ago`. */
export function sayAgo(at: string, nowMs: number): string {
  return `${formatDuration((nowMs - Date.parse(at)) / 1_000)} ago`;
}

/** `in 12 min`, or `over for 3 min`. */
export function sayUntil(at: string, nowMs: number): string {
  const seconds = (Date.parse(at) - nowMs) / 1_000;
  return seconds >= 0 ? `in ${formatDuration(seconds)}` : `over for ${formatDuration(-seconds)}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `12 GB`, `1.2 TB`. */
export function sayBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.floor(value)} ${UNITS[power]}`;
}
