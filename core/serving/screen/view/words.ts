import { formatCount, formatDecimal, formatDuration, formatEvidence } from '../../../report/format-number.ts';

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

/** Least evidence that is told exactly, as its logarithm. */
const LEAST_TOLD = Math.log(0.1);

/** Evidence from its logarithm: `4.1:1`, `under 0.1:1`. */
export function sayEvidence(logEvidence: number): string {
  return logEvidence < LEAST_TOLD - 1e-9 ? 'under 0.1:1' : formatEvidence(logEvidence);
}

/** A text of a report without its marks of code. */
export function sayPlain(text: string): string {
  return text.replaceAll('`', '');
}
