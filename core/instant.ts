import { z } from 'zod';

/**
 * A moment as every part of the house writes it: ISO 8601 with its zone, in UTC unless another program wrote it. Arithmetic with
 * instants is done here and nowhere else, so that a text which is no instant is an error that quotes it and never a silent `NaN`.
 */
export type Instant = string;

/** An instant in UTC, as this house writes it. */
export const instantSchema = z.iso.datetime();

/** An instant of another program (Python's runtime, GitHub's API), which may name its offset from UTC. */
export const foreignInstantSchema = z.iso.datetime({ offset: true });

/** Without a zone `Date.parse` would take the machine's own. */
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Whether a text is an instant that can be reckoned with. */
export function isInstant(text: string): text is Instant {
  return !Number.isNaN(readMs(text));
}

/** Milliseconds since 1970. Throws a RangeError that quotes what is no instant. */
export function epochMs(instant: Instant): number {
  const ms = readMs(instant);
  if (!Number.isNaN(ms)) return ms;
  throw new RangeError(
    `${JSON.stringify(instant)} is no instant: write ISO 8601 with a zone, such as 2026-01-31T12:00:00Z.`,
  );
}

/** The instant so many milliseconds after 1970 began, in UTC. Throws a RangeError for a number no date has. */
export function toInstant(ms: number): Instant {
  const date = new Date(ms);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new RangeError(`${ms} ms after 1970 is no instant.`);
}

/** Milliseconds since 1970 of a date in an HTTP header (RFC 9110), which is no ISO 8601; `undefined` when it is none. */
export function readHttpDate(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Seconds from the first to the second, with their fraction; negative when the second is the earlier. */
export function secondsBetween(from: Instant, to: Instant): number {
  return (epochMs(to) - epochMs(from)) / 1_000;
}

/** The instant so many seconds later, to the nearest millisecond; earlier when they are negative. */
export function addSeconds(instant: Instant, seconds: number): Instant {
  return toInstant(Math.round(epochMs(instant) + seconds * 1_000));
}

/** Whether the first is earlier than the second. */
export function isBefore(instant: Instant, other: Instant): boolean {
  return epochMs(instant) < epochMs(other);
}

/** Whether the first is later than the second. */
export function isAfter(instant: Instant, other: Instant): boolean {
  return epochMs(instant) > epochMs(other);
}

/** Order for sorting, the earliest first: negative, 0 or positive. */
export function compareInstants(left: Instant, right: Instant): number {
  return epochMs(left) - epochMs(right);
}

function readMs(text: string): number {
  return ZONED.test(text) ? Date.parse(text) : Number.NaN;
}
