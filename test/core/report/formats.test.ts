import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toInstant } from '../../../core/instant.ts';
import {
  formatDay,
  formatDayAndMinute,
  formatLongDay,
  formatMinute,
} from '../../../core/report/format-day.ts';
import { formatList } from '../../../core/report/format-list.ts';
import { formatCount } from '../../../core/report/format-number.ts';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const LIST = new Intl.ListFormat('en', { type: 'conjunction' });
const british = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
const [DAY, YEAR, TIME] = [
  { day: 'numeric', month: 'short' },
  { year: 'numeric' },
  { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
] as const;

test.each([
  0,
  -0,
  0.5,
  -0.5,
  -0.4,
  1.5,
  2.5,
  -2.5,
  999,
  999.5,
  1_000,
  5_390,
  -1_234_567,
  1e15,
  2 ** 53,
  1e21,
  1e23,
])('the count %d is written as Intl writes it', (count) => {
  expect(formatCount(count)).toBe(WHOLE.format(count).replace(/^-0$/, count < 0 ? '-0' : '0'));
});

test('any count is written as Intl writes it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer(), fc.double({ min: -1e7, max: 1e7 })), (count) => {
      fc.pre(!Object.is(count, -0));
      expect(formatCount(count)).toBe(WHOLE.format(count));
    }),
  );
});

test('any instant is written as Intl writes it in British English', () => {
  const formats = [
    [formatDay, british(DAY), ''],
    [formatLongDay, british({ day: 'numeric', month: 'long', ...YEAR }), ''],
    [formatMinute, british({ ...DAY, ...YEAR, ...TIME }), ' UTC'],
    [formatDayAndMinute, british({ ...DAY, ...TIME }), ''],
  ] as const;
  const months = Array.from({ length: 12 }, (_, month) => Date.UTC(2026, month, 9, 8, 7));
  const instants = fc.sample(
    fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }),
    200,
  );
  for (const at of [...months, ...instants.map(Number)]) {
    for (const [format, oracle, zone] of formats)
      expect(format(toInstant(at))).toBe(`${oracle.format(at)}${zone}`);
  }
});

test.each([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']])(
  'a list is joined as Intl joins it: %j',
  (...names) => {
    expect(formatList(names)).toBe(LIST.format(names));
  },
);
