import { formatIndex } from '../../drift/describe-drift.ts';
import { drawBins } from '../../pictures/draw-bins.ts';
import { formatPercent } from '../../report/format-number.ts';
import type { Markup } from '../../report/html.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import { HEALTH_DAYS } from '../evidence/sum-inputs.ts';
import { dataTable, figure, grid, section } from './figures.ts';
import { findMoved, gatherBins } from './gather-bins.ts';
import type { PageSubject } from './page-subject.ts';
import { frameOf } from './show-drift.ts';
import { showFeature } from './show-feature.ts';

/** What the model answers, and how sure it is, beside training. */
export function showAnswers(subject: PageSubject): readonly Markup[] {
  const answers = subject.input.drift?.features.find(({ kind }) => kind === 'prediction');
  const figures = [
    ...(answers === undefined ? [] : [showFeature(answers, frameOf(subject))]),
    ...showConfidence(subject),
  ];
  if (figures.length === 0) return [];
  const bins = answers?.bins && gatherBins(answers.bins, false);
  const rows = (bins ?? []).map(({ name, reference, observed }) => [
    name,
    formatPercent(reference),
    formatPercent(observed),
  ]);
  const columns = [
    { title: 'Answer' },
    { title: 'In training', isNumber: true },
    { title: 'Last day judged', isNumber: true },
  ];
  const caption = `What is answered how often${answers?.last === undefined ? '' : `; index ${formatIndex(answers.last.index)}`}`;
  const table = rows.length === 0 ? [] : dataTable(caption, columns, rows);
  return [section('answers', 'Answers and confidence', grid(figures), table)];
}

function showConfidence({ evidence: { confidence } }: PageSubject): readonly Markup[] {
  if (confidence === undefined || sumOf(confidence.observed) === 0) return [];
  const bins = gatherBins(confidence, true);
  const moved = findMoved(bins);
  const description = `Shares of predictions by their confidence, in training and in the last ${HEALTH_DAYS} days.`;
  const bin = moved === undefined ? undefined : bins[moved];
  const caption =
    bin === undefined
      ? `The model is as sure of its answers in the last ${HEALTH_DAYS} days as it was in training.`
      : `How sure the model is, in the last ${HEALTH_DAYS} days: a confidence of “${bin.name}” has ${formatPercent(bin.observed)} of the answers; in training it had ${formatPercent(bin.reference)}.`;
  return [figure('Confidence', [drawBins({ description, bins, isOrdered: true, moved })], caption)];
}
