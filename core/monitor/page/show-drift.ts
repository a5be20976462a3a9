import { formatIndex } from '../../drift/describe-drift.ts';
import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import { formatCount } from '../../report/format-number.ts';
import { type Content, element, type Markup } from '../../report/html.ts';
import { findBeginning } from '../evidence/find-beginning.ts';
import { dataTable, fold, grid, type PageColumn, section } from './figures.ts';
import { nameFeature } from './name-feature.ts';
import type { PageSubject } from './page-subject.ts';
import { type FeatureFrame, showFeature, wordOf } from './show-feature.ts';
import { tell } from './tell.ts';
import { spanOf, versionMarks } from './time-span.ts';

/** So many features are drawn, the worst first, and so many are listed. */
const MOST_PICTURES = 60;
const MOST_ROWS = 200;
/** So many without a finding stand open; the rest are folded. */
const OPEN_PICTURES = 6;

const COLUMNS: readonly PageColumn[] = [
  { title: 'Feature' },
  { title: 'Judged' },
  { title: 'Index [95%]', isNumber: true },
  { title: 'Usual days reach', isNumber: true },
  { title: 'Predictions', isNumber: true },
];

/** The inputs beside training: pictures of the worst, numbers of all. Nothing where nothing could be judged. */
export function showDrift(subject: PageSubject): readonly Markup[] {
  const { drift, policy } = subject.input;
  const features = (drift?.features ?? []).filter(({ kind }) => kind !== 'prediction');
  if (drift === undefined || features.length === 0) return [];
  const frame = frameOf(subject);
  const drawn = features.slice(0, MOST_PICTURES).map((feature) => showFeature(feature, frame));
  const failed = features.filter(({ verdict }) => verdict === 'fail').length;
  const open = Math.max(failed, OPEN_PICTURES);
  const folded = drawn.slice(open);
  const problems = drift.problems.map(({ message, remedy }) =>
    element('p', { class: 'note' }, tell(`${message} ${remedy}`, subject.input)),
  );
  const rest =
    folded.length === 0 ? [] : fold(`${formatCount(folded.length)} more, less shifted`, grid(folded));
  const content: readonly Content[] = [
    element('p', { class: 'about' }, sayKey(policy.drift.warn, policy.drift.act)),
    problems,
    grid(drawn.slice(0, open)),
    rest,
    sayRest(features.length),
    listFeatures(features, policy.drift.warn),
  ];
  return [
    section('drift', `Inputs: ${formatCount(failed)} of ${formatCount(features.length)} shifted`, ...content),
  ];
}

/** The time, the limits and the versions that all features are drawn with. */
export function frameOf(subject: PageSubject): FeatureFrame {
  const span = spanOf(subject);
  const { warn, act } = subject.input.policy.drift;
  return { span, limits: { warn, act }, versions: versionMarks(subject, span) };
}

function sayKey(warn: number, act: number): string {
  return (
    'Bars: wide and pale as in training, narrow and full as on the last day judged; orange is what moved most. ' +
    `Lines: the index (PSI) of each day. 0 is as in training, from ${warn} on (dotted) it is worth a look, from ${act} on (dashed) something is to be done. ` +
    'A flag marks the day on which a shift that stands began.'
  );
}

function sayRest(features: number): Content {
  if (features <= MOST_PICTURES) return [];
  const listed = features > MOST_ROWS ? `, the ${formatCount(MOST_ROWS)} most shifted are listed` : '';
  return element(
    'p',
    {},
    `Of ${formatCount(features)} features the ${MOST_PICTURES} most shifted are drawn${listed}.`,
  );
}

/** The numbers behind the pictures. */
function listFeatures(features: readonly FeatureJudgement[], warn: number): Markup {
  const rows = features.slice(0, MOST_ROWS).map((feature): readonly Content[] => {
    const { last, usualReach } = feature;
    const index =
      last === undefined
        ? '–'
        : `${formatIndex(last.index)} [${formatIndex(last.interval.low)}, ${formatIndex(last.interval.high)}]`;
    return [
      nameFeature(feature),
      wordOf(feature, findBeginning(feature, warn)),
      index,
      usualReach === undefined ? '–' : formatIndex(usualReach),
      last === undefined ? '–' : formatCount(last.rows),
    ];
  });
  return dataTable('How far each input is from training, the most shifted first', COLUMNS, rows);
}
