import { epochMs, type Instant, toInstant } from '../instant.ts';

const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const LONG = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const MINUTE = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  ...{ timeZone: 'UTC', hourCycle: 'h23' },
});

/** `12 Mar`, in UTC. */
export function formatDay(instant: Instant): string {
  return SHORT.format(epochMs(instant));
}

/** `12 March 2026`, in UTC. */
export function formatLongDay(instant: Instant): string {
  return LONG.format(epochMs(instant));
}

/** `12 Mar 2026, 13:05 UTC`. */
export function formatMinute(instant: Instant): string {
  return `${MINUTE.format(epochMs(instant))} UTC`;
}

/** The day of an instant in UTC as `2026-03-12`, whatever zone it is written in. */
export function dayOf(instant: Instant): string {
  return toInstant(epochMs(instant)).slice(0, 'yyyy-mm-dd'.length);
}
