import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  addSeconds,
  compareInstants,
  epochMs,
  isAfter,
  isBefore,
  isInstant,
  readHttpDate,
  secondsBetween,
  toInstant,
} from '../../core/instant.ts';

const NOON = '2026-01-31T12:00:00.000Z';
const anyInstant = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

describe('an instant', () => {
  test.each([
    ['2026-01-31T12:00:00Z', NOON],
    ['2026-01-31T12:00Z', NOON],
    ['2026-01-31T13:30:00.000+01:30', NOON],
    ['2026-01-31T12:00:00.123456+00:00', '2026-01-31T12:00:00.123Z'],
  ])('%s is read', (written, same) => {
    expect(isInstant(written)).toBe(true);
    expect(toInstant(epochMs(written))).toBe(same);
  });

  test.each(['', 'yesterday', '2026', '2026-01-31', '2026-01-31T12:00:00', '2026-13-31T12:00:00Z', 'NaN'])(
    '%j is none, and says so',
    (written) => {
      expect(isInstant(written)).toBe(false);
      expect(() => epochMs(written)).toThrow(`${JSON.stringify(written)} is no instant`);
      expect(() => secondsBetween(NOON, written)).toThrow(RangeError);
      expect(() => addSeconds(written, 1)).toThrow(RangeError);
      expect(() => isBefore(written, NOON)).toThrow(RangeError);
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15])('%d ms is none', (ms) => {
    expect(() => toInstant(ms)).toThrow(`${ms} ms after 1970 is no instant`);
    expect(() => addSeconds(NOON, ms)).toThrow(RangeError);
  });
});

describe('the date of an HTTP header', () => {
  it('is read without being an instant', () => {
    expect(readHttpDate('Sat, 31 Jan 2026 12:00:00 GMT')).toBe(epochMs(NOON));
    expect(readHttpDate('soon')).toBeUndefined();
  });
});

describe('arithmetic with instants', () => {
  it('counts seconds, with their fraction and their sign', () => {
    expect(secondsBetween(NOON, '2026-01-31T12:00:01.500Z')).toBe(1.5);
    expect(secondsBetween(NOON, '2026-01-31T11:59:00Z')).toBe(-60);
    expect(addSeconds(NOON, -0.5)).toBe('2026-01-31T11:59:59.500Z');
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (from, to) => {
        expect(addSeconds(from, secondsBetween(from, to))).toBe(to);
      }),
    );
  });

  it('orders by time, not by letters', () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (left, right) => {
        expect(isBefore(left, right)).toBe(secondsBetween(left, right) > 0);
        expect(isAfter(left, right)).toBe(isBefore(right, left));
        expect(Math.sign(compareInstants(left, right))).toBe(Math.sign(secondsBetween(right, left)));
      }),
    );
    expect(isBefore('2026-01-31T13:00:00+02:00', NOON)).toBe(true);
  });
});
