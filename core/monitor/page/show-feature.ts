import { describeUnseen, formatIndex } from '../../drift/describe-drift.ts';
import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import { type BinsFigure, drawBins } from '../../pictures/draw-bins.ts';
import { type DayMark, drawDays } from '../../pictures/draw-days.ts';
import { formatDay, formatLongDay } from '../../report/format-day.ts';
import { formatCount, formatPercent } from '../../report/format-number.ts';
import { type Content, element, type Markup } from '../../report/html.ts';
import { findBeginning, type ShiftBeginning } from '../evidence/find-beginning.ts';
import { figure } from './figures.ts';
import { findMoved, gatherBins } from './gather-bins.ts';
import { nameFeature } from './name-feature.ts';
import { isWithin, type TimeSpan } from './time-span.ts';

/** What all features of a page share. */
export type FeatureFrame = {
  readonly span: TimeSpan;
  readonly limits: { readonly warn: number; readonly act: number };
  readonly versions: readonly DayMark[];
};

/** One feature: its bins in training and now, its index day by day with both limits, and where a shift that stands began. */
export function showFeature(feature: FeatureJudgement, frame: FeatureFrame): Markup {
  const name = nameFeature(feature);
  const beginning = findBeginning(feature, frame.limits.warn);
  const heading = feature.kind === 'prediction' ? 'Answers' : name;
  const title = [
    heading,
    ' ',
    element('span', { class: `tag ${toneOf(feature)}` }, wordOf(feature, beginning)),
  ];
  const bins = binsOf(feature, name);
  const pictures = [
    ...(bins === undefined ? [] : [drawBins(bins)]),
    drawIndex(feature, name, beginning, frame),
  ];
  const said = sayFeature(feature, { bins, beginning, limits: frame.limits });
  return figure(title, pictures, said, toneOf(feature));
}

/** How a judgement looks: a finding, not enough known, or well. */
function toneOf({ verdict, alarm }: FeatureJudgement): 'bad' | 'open' | 'good' {
  if (verdict === 'fail') return 'bad';
  return verdict === 'pass' && alarm === undefined ? 'good' : 'open';
}

/** A judgement in a word or three. */
export function wordOf(
  { verdict, alarm, isWarmingUp }: FeatureJudgement,
  beginning: ShiftBeginning | undefined,
): string {
  if (alarm !== undefined) {
    const when = beginning === undefined ? '' : ` since ${formatDay(beginning.began)}`;
    return `${alarm.kind === 'skew' ? 'other than training' : 'drift'}${when}`;
  }
  if (isWarmingUp) return 'learning usual days';
  return verdict === 'pass' ? 'as usual' : 'not judged yet';
}

function binsOf({ bins, kind }: FeatureJudgement, name: string): BinsFigure | undefined {
  if (bins === undefined) return undefined;
  // Answers that are numbers have bins in order, too; those that are classes are read one by one.
  const isOrdered = kind !== 'categorical' && !(kind === 'prediction' && bins.names.length <= 8);
  const gathered = gatherBins(bins, isOrdered);
  const description = `Shares of the values of ${name} in ${formatCount(gathered.length)} bins, in training and on the last day judged.`;
  return { description, bins: gathered, isOrdered, moved: findMoved(gathered) };
}

function drawIndex(
  { history }: FeatureJudgement,
  name: string,
  beginning: ShiftBeginning | undefined,
  { span, limits, versions }: FeatureFrame,
): Markup {
  const { warn, act } = limits;
  const points = history
    .filter(({ from }) => isWithin(from, span))
    .map(({ from, index }) => ({ at: from, value: Math.max(0, index) }));
  const most = Math.max(1.25 * act, ...points.map(({ value }) => 1.1 * value));
  return drawDays({
    description: `Index of ${name} day by day, with the limits ${warn} (warn) and ${act} (act).${beginning === undefined ? '' : ` It shifted on ${formatLongDay(beginning.began)}.`}`,
    ...span,
    range: [0, most],
    write: (value) => value.toFixed(most < 0.5 ? 2 : 1),
    series: [{ drawn: 'line', style: 'challenger', points }],
    limits: [
      { value: warn, text: `warn ${warn}`, style: 'guide' },
      { value: act, text: `act ${act}`, style: 'margin' },
    ],
    marks: [...markBeginning(beginning, span), ...versions],
  });
}

function markBeginning(beginning: ShiftBeginning | undefined, span: TimeSpan): readonly DayMark[] {
  if (beginning === undefined || !isWithin(beginning.began, span)) return [];
  const { began, alarmed } = beginning;
  const mark = { at: began, text: `since ${formatDay(began)}`, kind: 'alarm' } as const;
  return alarmed === began ? [mark] : [mark, { at: alarmed, text: 'alarm', kind: 'event' }];
}

type Said = {
  readonly bins: BinsFigure | undefined;
  readonly beginning: ShiftBeginning | undefined;
  readonly limits: FeatureFrame['limits'];
};

function sayFeature(feature: FeatureJudgement, { bins, beginning, limits }: Said): Content {
  const { last, isWarmingUp, columns, movedWith = [] } = feature;
  if (last === undefined) return 'No day could be compared with training yet.';
  const parts = [
    columns === undefined ? sayMoved(last.from, bins) : '',
    `The index is ${formatIndex(last.index)} over ${formatCount(last.rows)} predictions; act from ${limits.act}.`,
    movedWith.length === 0 ? '' : `${movedWith.join(', ')} drifted alone, which moves this too.`,
    sayBeginning(beginning, limits.warn),
    sayUnseen(feature),
    isWarmingUp ? 'How much usual days differ is not known yet.' : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** The bins of what is of several columns have no meaning that could be said. */
function sayMoved(from: string, bins: BinsFigure | undefined): string {
  const moved = bins?.moved === undefined ? undefined : bins.bins[bins.moved];
  return moved === undefined
    ? `On ${formatDay(from)} no bin differs from training by a point.`
    : `On ${formatDay(from)} the bin “${moved.name}” holds ${formatPercent(moved.observed)}; in training it held ${formatPercent(moved.reference)}.`;
}

function sayUnseen(feature: FeatureJudgement): string {
  const said = describeUnseen(feature);
  return said === '' ? '' : `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
}

function sayBeginning(beginning: ShiftBeginning | undefined, warn: number): string {
  if (beginning === undefined) return '';
  const { began, alarmed } = beginning;
  // Evidence adds up over days: the day of the alarm may be below the limit by itself.
  if (began === alarmed) return `${formatLongDay(alarmed)} raised the alarm.`;
  return `It was at ${warn} or above from ${formatLongDay(began)} on; ${formatDay(alarmed)} raised the alarm.`;
}
