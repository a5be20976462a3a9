import { drawDays } from '../../pictures/draw-days.ts';
import { formatCount, formatDecimal, formatPercent } from '../../report/format-number.ts';
import type { Markup } from '../../report/html.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { HourSums } from '../evidence/sum-hours.ts';
import { dataTable, figure, grid, section } from './figures.ts';
import type { PageSubject } from './page-subject.ts';
import { isWithin, spanOf, versionMarks } from './time-span.ts';

/** Predictions by day of all versions; errors and latency of the champion in the last hours, as the hosts' proxies saw them. */
export function showTraffic(subject: PageSubject): readonly Markup[] {
  const { hours } = subject.evidence;
  const figures = [...drawRequests(subject), ...drawErrors(hours), ...drawLatency(hours)];
  if (figures.length === 0) return [];
  return [section('traffic', 'Traffic, errors, latency', grid(figures), listHours(hours))];
}

function drawRequests(subject: PageSubject): readonly Markup[] {
  const span = spanOf(subject);
  const points = subject.evidence.all
    .map(({ day, rows }) => ({ at: `${day}T00:00:00Z`, value: rows }))
    .filter(({ at }) => isWithin(at, span));
  if (points.length === 0) return [];
  const picture = drawDays({
    ...{ description: 'Predictions of each day by all hosts.', ...span },
    range: [0, topOf(points.map(({ value }) => value))],
    write: writeShort,
    series: [{ drawn: 'line', style: 'challenger', points }],
    marks: versionMarks(subject, span),
  });
  const average = sumOf(points.map(({ value }) => value)) / points.length;
  const caption = `Predictions of each day by all versions together, ${formatCount(Math.round(average))} in the mean. Dotted: a version became champion, or was taken back.`;
  return [figure('Predictions a day', [picture], caption)];
}

function drawErrors(hours: readonly HourSums[]): readonly Markup[] {
  const points = hours
    .filter(({ requests }) => requests > 0)
    .map(({ at, requests, errors }) => ({ at, value: errors / requests }));
  const span = hourSpan(hours);
  if (points.length === 0 || span === undefined) return [];
  const worst = Math.max(...points.map(({ value }) => value));
  const picture = drawDays({
    ...{ description: 'The share of requests that failed, hour by hour.', ...span },
    range: [0, Math.max(0.01, 1.2 * worst)],
    write: formatPercent,
    series: [{ drawn: 'line', style: 'wrong', points }],
  });
  const caption = `Requests to the champion that failed (5xx, or no answer), hour by hour; ${formatPercent(worst)} in the worst.`;
  return [figure('Errors', [picture], caption)];
}

function drawLatency(hours: readonly HourSums[]): readonly Markup[] {
  const span = hourSpan(hours);
  const series = (key: 'median' | 'p95') =>
    hours.flatMap(({ at, [key]: value }) => (value === undefined ? [] : [{ at, value }]));
  const [median, p95] = [series('median'), series('p95')];
  if (median.length + p95.length === 0 || span === undefined) return [];
  const picture = drawDays({
    ...{ description: 'Latency hour by hour: of half of the answers, and of 95 of 100.', ...span },
    range: [0, topOf([...median, ...p95].map(({ value }) => value))],
    write: writeShort,
    series: [
      { drawn: 'line', style: 'champion', points: median },
      { drawn: 'line', style: 'challenger', points: p95 },
    ],
  });
  const caption =
    'Time to the answer of the champion. Whole: 95 of 100 answers came within it. Dashed: half of them did.';
  return [figure('Latency in ms', [picture], caption)];
}

function hourSpan(hours: readonly HourSums[]): { readonly from: string; readonly to: string } | undefined {
  const [first, last] = [hours[0], hours.at(-1)];
  return first === undefined || last === undefined || first.at === last.at
    ? undefined
    : { from: first.at, to: last.at };
}

function listHours(hours: readonly HourSums[]): readonly Markup[] {
  const requests = sumOf(hours.map((one) => one.requests));
  if (requests === 0) return [];
  const errors = sumOf(hours.map((one) => one.errors));
  const refused = sumOf(hours.map((one) => one.refused));
  const slowest = Math.max(0, ...hours.flatMap(({ p95 }) => p95 ?? []));
  const columns = ['Hours', 'Requests', 'Failed', 'Refused (4xx)', 'Slowest hour, 95 of 100 within'];
  const row = [
    formatCount(hours.length),
    formatCount(requests),
    `${formatCount(errors)} (${formatPercent(errors / requests)})`,
    `${formatCount(refused)} (${formatPercent(refused / requests)})`,
    slowest === 0 ? '–' : `${formatDecimal(slowest)} ms`,
  ];
  const named = columns.map((title, index) => ({ title, isNumber: index > 0 }));
  return [dataTable('The champion in the last hours, as the hosts’ proxies saw it', named, [row])];
}

/** A range that begins at 0 and has room above what is largest. */
function topOf(values: readonly number[]): number {
  return Math.max(1, ...values) * 1.15;
}

function writeShort(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return value >= 1e3 ? `${Number((value / 1e3).toPrecision(3))}k` : String(Number(value.toPrecision(3)));
}
