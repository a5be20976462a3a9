import { epochMs, type Instant, toInstant } from '../instant.ts';

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
] as const;

/** `12 Mar`, in UTC. */
export function formatDay(instant: Instant): string {
  const { day, month } = partsOf(instant);
  return `${day} ${shorten(month)}`;
}

/** `12 March 2026`, in UTC. */
export function formatLongDay(instant: Instant): string {
  const { day, month, year } = partsOf(instant);
  return `${day} ${month} ${year}`;
}

/** `12 Mar 2026, 13:05 UTC`. */
export function formatMinute(instant: Instant): string {
  const { day, month, year, time } = partsOf(instant);
  return `${day} ${shorten(month)} ${year}, ${time} UTC`;
}

/** `12 Mar, 13:05`, in UTC. */
export function formatDayAndMinute(instant: Instant): string {
  return `${formatDay(instant)}, ${partsOf(instant).time}`;
}

/** The day of an instant in UTC as `2026-03-12`, whatever zone it is written in. */
export function dayOf(instant: Instant): string {
  return toInstant(epochMs(instant)).slice(0, 'yyyy-mm-dd'.length);
}

type Parts = Readonly<Record<'day' | 'year', number>> & Readonly<Record<'month' | 'time', string>>;

/** Not by `Intl`: its tables are 6 MB of memory, which is much for an agent that hardly ever names a day. */
function partsOf(instant: Instant): Parts {
  const date = new Date(epochMs(instant));
  return {
    day: date.getUTCDate(),
    month: MONTHS[date.getUTCMonth()] ?? '',
    year: date.getUTCFullYear(),
    time: date.toISOString().slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm'.length),
  };
}

/** As British English has it: three letters, and four of September. */
function shorten(month: string): string {
  return month.slice(0, month === 'September' ? 4 : 3);
}
