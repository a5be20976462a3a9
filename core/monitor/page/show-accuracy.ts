import { type DayPoint, type DaySeries, drawDays } from '../../pictures/draw-days.ts';
import { formatDay } from '../../report/format-day.ts';
import { formatCount, formatPercent } from '../../report/format-number.ts';
import { element, type Markup } from '../../report/html.ts';
import type { Interval } from '../../verdict.ts';
import type { DayAccuracy } from '../evidence/follow-accuracy.ts';
import { dataTable, figure, fold, grid, section } from './figures.ts';
import type { PageSubject } from './page-subject.ts';
import { sayLosses } from './say-losses.ts';
import { tell } from './tell.ts';
import { isWithin, spanOf, type TimeSpan, versionMarks } from './time-span.ts';

const LISTED_DAYS = 30;

/** Accuracy as it is estimated and as late labels show it, and how many predictions have a label by now. */
export function showAccuracy(subject: PageSubject): readonly Markup[] {
  const { input, evidence } = subject;
  const span = spanOf(subject);
  const days = evidence.accuracy.filter(({ day }) => isWithin(startOf(day), span));
  const said = [
    ...(input.labels?.reasons ?? []).map(({ message }) => message),
    ...[input.accuracy?.explanation, sayLosses(input)].filter((text) => text !== undefined),
  ];
  const isDrawn = days.some(({ estimate, labels }) => estimate !== undefined || labels !== undefined);
  if (said.length === 0) return [];
  const sentences = said.map((text) => element('p', {}, tell(text, input)));
  if (!isDrawn) return [section('accuracy', 'Accuracy', sentences)];
  const hasLabels = days.some(({ labels }) => labels !== undefined);
  const figures = [
    drawAccuracy(subject, days, span),
    ...(hasLabels ? [drawCoverage(subject, days, span)] : []),
  ];
  return [section('accuracy', 'Accuracy', sentences, grid(figures), fold('By day', listDays(days)))];
}

function drawAccuracy(subject: PageSubject, days: readonly DayAccuracy[], span: TimeSpan): Markup {
  const { promised } = subject.evidence;
  const estimated = days.flatMap(({ day, estimate }) =>
    estimate === undefined ? [] : toPoint(day, estimate),
  );
  const labelled = (isMature: boolean) =>
    days.flatMap(({ day, labels }) => (labels?.isMature === isMature ? toPoint(day, labels) : []));
  const series: readonly DaySeries[] = [
    { drawn: 'line', style: 'champion', points: estimated },
    { drawn: 'marks', style: 'challenger', points: labelled(true) },
    { drawn: 'hollow-marks', style: 'challenger', points: labelled(false) },
  ];
  const lows = series.flatMap(({ points }) => points.map(({ low, value }) => low ?? value));
  const low = Math.max(0, Math.floor(20 * Math.min(promised ?? 1, ...lows)) / 20 - 0.05);
  const alarm = subject.input.labels?.alarmSince;
  const picture = drawDays({
    description: 'Accuracy day by day: estimated without labels, and by the labels that have come.',
    ...span,
    range: [low, 1],
    write: formatPercent,
    series,
    ...(promised !== undefined && {
      limits: [{ value: promised, text: '', style: 'guide' as const }],
    }),
    marks: [
      ...(alarm === undefined || !isWithin(alarm, span)
        ? []
        : [{ at: alarm, text: `since ${formatDay(alarm)}`, kind: 'alarm' as const }]),
      ...versionMarks(subject, span),
    ],
  });
  const trained = promised === undefined ? '' : ` Dotted: in training, ${formatPercent(promised)}.`;
  const caption =
    'Dashed with its band (95%): estimated from the confidence of the answers. It stops where inputs have shifted, since then it would be a guess. ' +
    'Discs with their bars (95%): by the labels that have come; hollow where more are expected.' +
    trained;
  return figure('Estimated and real accuracy', [picture], caption);
}

function toPoint(
  day: string,
  { accuracy, interval }: { readonly accuracy?: number; readonly interval?: Interval },
): readonly DayPoint[] {
  if (accuracy === undefined) return [];
  const bounds = interval === undefined ? {} : { low: interval.low, high: interval.high };
  return [{ at: startOf(day), value: accuracy, ...bounds }];
}

function drawCoverage(subject: PageSubject, days: readonly DayAccuracy[], span: TimeSpan): Markup {
  const points = days.flatMap(({ day, labels }) =>
    labels === undefined ? [] : [{ at: startOf(day), value: labels.coverage }],
  );
  const picture = drawDays({
    description: 'The share of the predictions of each day that have a label by now.',
    ...span,
    range: [0, 1],
    write: formatPercent,
    series: [{ drawn: 'line', style: 'challenger', points }],
    marks: versionMarks(subject, span),
  });
  const caption =
    'How many predictions of each day have a label by now. Accuracy by label speaks for those alone.';
  return figure('Labels that have come', [picture], caption);
}

function listDays(days: readonly DayAccuracy[]): Markup {
  const rows = days
    .slice(-LISTED_DAYS)
    .toReversed()
    .map(({ day, predictions, estimate, labels }) => [
      formatDay(startOf(day)),
      formatCount(predictions),
      write(estimate),
      labels === undefined ? '–' : `${write(labels)}${labels.isMature ? '' : ' so far'}`,
      labels === undefined ? '–' : `${formatCount(labels.labels)} (${formatPercent(labels.coverage)})`,
    ]);
  const columns = [
    { title: 'Day' },
    { title: 'Predictions', isNumber: true },
    { title: 'Estimated [95%]', isNumber: true },
    { title: 'By label [95%]', isNumber: true },
    { title: 'Labels', isNumber: true },
  ];
  return dataTable('Accuracy by day, the newest first', columns, rows);
}

function write(value: { readonly accuracy?: number; readonly interval?: Interval } | undefined): string {
  if (value?.accuracy === undefined) return '–';
  const { accuracy, interval } = value;
  const bounds =
    interval === undefined ? '' : ` [${formatPercent(interval.low)}, ${formatPercent(interval.high)}]`;
  return `${formatPercent(accuracy)}${bounds}`;
}

function startOf(day: string): string {
  return `${day}T00:00:00Z`;
}
