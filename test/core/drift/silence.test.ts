import { describe, expect, it } from 'vitest';
import { findSilence } from '../../../core/drift/silence.ts';
import { type CaptureWindow, captureWindowSchema } from '../../../core/drift/window.ts';
import { toInstant } from '../../../core/instant.ts';
import { windowOf } from './drift-data.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday. */
const MONDAY = Date.parse('2026-03-02T00:00:00Z');

/** Requests in each hour since Monday. */
type Traffic = (hour: number) => number;

const officeHours: Traffic = (hour) => {
  const [day, ofDay] = [Math.floor(hour / 24) % 7, hour % 24];
  return day < 5 && ofDay >= 8 && ofDay < 18 ? 120 : 0;
};

/** Windows of an hour each for the newest two days, before that one for each day, as hosts keep them. */
function windowsUntil(end: number, traffic: Traffic, version = '7'): readonly CaptureWindow[] {
  const hours = Math.floor((end - MONDAY) / HOUR);
  const folded = Math.max(0, 24 * Math.floor((hours - 48) / 24));
  const window = (from: number, length: number, over: Partial<CaptureWindow>) =>
    captureWindowSchema.parse({
      ...windowOf(0),
      ...{ version, seq: from / HOUR, from: toInstant(from), to: toInstant(from + length) },
      ...over,
    });
  const days = Array.from({ length: folded / 24 }, (_, day) => {
    const byHour = Array.from({ length: 24 }, (_unused, hour) => traffic(24 * day + hour));
    return window(MONDAY + day * DAY, DAY, { n: byHour.reduce((a, b) => a + b, 0), hours: byHour });
  });
  const single = Array.from({ length: hours - folded }, (_, index) =>
    window(MONDAY + (folded + index) * HOUR, HOUR, { n: traffic(folded + index) }),
  );
  return [...days, ...single];
}

function silenceAt(hour: number, traffic: Traffic) {
  const end = MONDAY + hour * HOUR;
  return findSilence(windowsUntil(end, traffic), { version: '7', until: toInstant(end) });
}

/** Hours from `from` to `to` at which silence is found. */
function silentHours(traffic: Traffic, from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index).filter(
    (hour) => silenceAt(hour, traffic) !== undefined,
  );
}

describe('a service of office hours', () => {
  it('may sleep at night and over the weekend, from its first day on', () => {
    expect(silentHours(officeHours, 1, 24 * 30)).toEqual([]);
  });

  it('is found silent within an hour of the day on which nobody asks', () => {
    const outage = 24 * 22 + 10;
    const broken: Traffic = (hour) => (hour >= outage ? 0 : officeHours(hour));
    expect(silentHours(broken, outage, outage + 3)).toEqual([outage + 1, outage + 2]);
    expect(silenceAt(outage + 2, broken)).toMatchObject({
      code: 'zero-traffic',
      since: toInstant(MONDAY + outage * HOUR),
      message: 'No prediction was asked for in the last 2 h, and 240 or more usually are at this time.',
    });
  });

  it('is found silent in its second week, and in its first from the fourth day on', () => {
    const silentFrom = (outage: number): Traffic => {
      return (hour) => (hour >= outage ? 0 : officeHours(hour));
    };
    expect(silenceAt(24 * 8 + 12, silentFrom(24 * 8 + 10))?.code).toBe('zero-traffic');
    expect(silenceAt(24 * 3 + 12, silentFrom(24 * 3 + 10))?.code).toBe('zero-traffic');
    expect(silenceAt(24 * 2 + 12, silentFrom(24 * 2 + 10))).toBeUndefined();
  });

  it('learns nothing of hours from windows of a day that an older agent kept without them', () => {
    const end = MONDAY + (24 * 22 + 2) * HOUR;
    const windows = windowsUntil(end, officeHours).map(({ hours: _hours, ...window }) => window);
    expect(findSilence(windows, { version: '7', until: toInstant(end) })).toBeUndefined();
  });

  it('has its weeks from the version before, too', () => {
    const end = MONDAY + (24 * 22 + 12) * HOUR;
    const before = windowsUntil(end - DAY, officeHours, '6');
    const mine = windowsUntil(end, (hour) => (hour >= 24 * 21 && hour < 24 * 22 + 9 ? officeHours(hour) : 0));
    const all = [...before, ...mine.filter(({ from }) => Date.parse(from) >= end - DAY)];
    expect(findSilence(all, { version: '7', until: toInstant(end) })?.code).toBe('zero-traffic');
  });
});

describe('a service that is asked seldom', () => {
  it('is found silent once twenty requests are missing', () => {
    const outage = 24 * 15;
    const steady: Traffic = (hour) => (hour >= outage ? 0 : 5);
    expect(silentHours(steady, outage - 3, outage + 6)).toEqual([outage + 4, outage + 5]);
  });

  it('is told of after three days where nothing is known of its weeks, and then only when it was never as quiet', () => {
    const stopped: Traffic = (hour) => (hour < 20 ? 1 : 0);
    expect(silentHours(stopped, 20, 20 + 75)).toEqual([20 + 72, 20 + 73, 20 + 74]);
    const seldom: Traffic = (hour) => (hour % 100 === 0 ? 1 : 0);
    expect(silentHours(seldom, 24 * 20, 24 * 28)).toEqual([]);
  });
});

describe('requests that were all refused', () => {
  const end = MONDAY + 24 * 8 * HOUR + 3 * HOUR;
  const refusing = (refused: number) =>
    windowsUntil(end, (hour) => (hour < 24 * 8 ? officeHours(hour) : 0)).map((window) =>
      Date.parse(window.from) >= end - HOUR ? { ...window, refused } : window,
    );

  it('are told of at any hour, and a knock at night is not', () => {
    const at = { version: '7', until: toInstant(end) };
    expect(findSilence(refusing(20), at)?.code).toBe('only-refused');
    expect(findSilence(refusing(19), at)).toBeUndefined();
  });
});

it('says nothing of a version that was never asked, or was asked within the hour', () => {
  expect(findSilence([], { version: '7', until: toInstant(MONDAY) })).toBeUndefined();
  const windows = windowsUntil(MONDAY + 24 * 20 * HOUR, officeHours, '6');
  expect(findSilence(windows, { version: '7' })).toBeUndefined();
});
