import { describeReference } from '../../drift/reference-noise.ts';
import { drawDays } from '../../pictures/draw-days.ts';
import { formatCount, formatPercent } from '../../report/format-number.ts';
import { element, type Markup } from '../../report/html.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { DaySums } from '../evidence/sum-days.ts';
import { HEALTH_DAYS } from '../evidence/sum-inputs.ts';
import { dataTable, figure, grid, section } from './figures.ts';
import { nameFeature } from './name-feature.ts';
import type { PageSubject } from './page-subject.ts';
import { isWithin, spanOf, versionMarks } from './time-span.ts';

const LISTED_INPUTS = 20;

/** One thing that can be wrong with what comes in or goes out, as a share of what there was. */
type Check = {
  readonly title: string;
  readonly what: string;
  readonly share: (day: DaySums) => number;
};

const CHECKS: readonly Check[] = [
  {
    title: 'Missing',
    what: 'values that were missing',
    share: ({ missing, cells }) => ratio(missing, cells),
  },
  {
    title: 'Out of range',
    what: 'values beyond all that training held',
    share: ({ outside, cells }) => ratio(outside, cells),
  },
  {
    title: 'Unseen',
    what: 'values of categories that training never saw',
    share: ({ unseen, cells }) => ratio(unseen, cells),
  },
  {
    title: 'Invalid answers',
    what: 'answers that were no number, no class of the model, or of another form',
    share: ({ invalid, rows }) => ratio(invalid, rows),
  },
  {
    title: 'Refused',
    what: 'requests that were refused since they do not fit the model',
    share: ({ refused, rows }) => ratio(refused, rows + refused),
  },
];

/** What came in and went out that was missing, strange, invalid or refused: each as a share by day, and by input. */
export function showHealth(subject: PageSubject): readonly Markup[] {
  const span = spanOf(subject);
  const days = subject.evidence.days.filter(({ day }) => isWithin(`${day}T00:00:00Z`, span));
  if (days.length === 0) return [];
  const seen = CHECKS.filter(({ share }) => days.some((day) => share(day) > 0));
  const clean = CHECKS.filter((check) => !seen.includes(check)).map(({ what }) => what);
  const none =
    clean.length === 0
      ? []
      : element(
          'p',
          {},
          `Not once in ${formatCount(sumOf(days.map(({ rows }) => rows)))} predictions: ${clean.join('; ')}.`,
        );
  const figures = seen.map((check) => drawCheck(check, days, subject));
  return [section('health', 'Data health', none, grid(figures), listInputs(subject), sayReference(subject))];
}

function sayReference({ input: { drift, policy } }: PageSubject): readonly Markup[] {
  if (drift === undefined) return [];
  return [element('p', { class: 'about' }, describeReference(drift.noise, policy.drift.warn))];
}

function drawCheck({ title, what, share }: Check, days: readonly DaySums[], subject: PageSubject): Markup {
  const span = spanOf(subject);
  const points = days.map((day) => ({ at: `${day.day}T00:00:00Z`, value: share(day) }));
  const values = points.map(({ value }) => value);
  const picture = drawDays({
    ...{ description: `The share of ${what}, day by day.`, ...span },
    range: [0, Math.max(0.001, 1.2 * Math.max(...values))],
    write: formatPercent,
    series: [{ drawn: 'line', style: 'wrong', points }],
    marks: versionMarks(subject, span),
  });
  const last = formatPercent(values.at(-1) ?? 0);
  return figure(
    title,
    [picture],
    `The share of ${what}: ${last} on the last day, at most ${formatPercent(Math.max(...values))}.`,
  );
}

function listInputs({ evidence: { inputs } }: PageSubject): readonly Markup[] {
  if (inputs.length === 0) return [];
  const rows = inputs
    .slice(0, LISTED_INPUTS)
    .map((input) => [
      nameFeature(input),
      `${formatPercent(input.missing)} (${formatPercent(input.usualMissing)})`,
      formatPercent(input.outside),
      formatPercent(input.unseen),
      formatCount(input.rows),
    ]);
  const columns = [
    { title: 'Input' },
    { title: 'Missing (in training)', isNumber: true },
    { title: 'Out of range', isNumber: true },
    { title: 'Unseen', isNumber: true },
    { title: 'Predictions', isNumber: true },
  ];
  const more = inputs.length > LISTED_INPUTS ? `, ${LISTED_INPUTS} of ${formatCount(inputs.length)}` : '';
  return [dataTable(`Inputs of the last ${HEALTH_DAYS} days, the worst first${more}`, columns, rows)];
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
