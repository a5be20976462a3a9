import {
  type ClassCurves,
  type CurvePoint,
  drawCurves,
  type ModelCurves,
} from '../../pictures/draw-curves.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { formatCount, formatNumber, formatValue } from '../format-value.ts';
import { scoresOf } from '../metrics/probability.ts';
import type { Sample } from '../predictions.ts';
import type { GateFigure, Shown, ShownModel } from './figure.ts';
import { listMistaken } from './list-mistaken.ts';
import { thinCurve, traceCurves } from './trace-curves.ts';

/** The counts that the answers of one model stand for. */
type Operating = {
  readonly falsePositives: number;
  readonly truePositives: number;
  readonly negatives: number;
  readonly positives: number;
};

type Ranked = ModelCurves & { readonly name: string; readonly auc: string; readonly ap: string };
type DrawnClass = Omit<ClassCurves, 'models'> & { readonly models: readonly Ranked[] };

/** Curves of more classes than these are not drawn. */
const MOST_CLASSES = 6;

/** ROC and precision-recall: of the positive class of two, else of each class against the rest; `undefined` where no model ranks. */
export function showCurves(shown: Shown): GateFigure | undefined {
  const { task, classes } = shown.sample;
  if (task !== 'binary' && task !== 'multiclass' && task !== 'multilabel') return undefined;
  const places = task === 'binary' ? [1] : listMistaken(shown, MOST_CLASSES);
  const ranked = places.flatMap((place) => rankClass(shown, place));
  if (ranked.length === 0) return undefined;
  const isCut = task !== 'binary' && ranked.length < classes.length;
  const rest = isCut ? describeCut(ranked.length, classes.length) : undefined;
  return {
    file: 'ranking.svg',
    title: 'Ranking, and where the answers stand',
    svg: drawCurves(ranked, rest),
    blocks: [
      ...(task === 'binary' ? ranked.map(introduce) : []),
      task === 'binary' ? tableOf(ranked) : tableOf(ranked, 'Class against the rest'),
      ...(rest === undefined ? [] : [{ kind: 'paragraph', text: rest } as const]),
    ],
  };
}

function introduce({ positive, share }: DrawnClass): Block {
  return { kind: 'paragraph', text: `Positive: ${positive}, ${formatValue(share, 'rate')} of the rows.` };
}

function describeCut(drawn: number, classes: number): string {
  return `Drawn: ${formatCount(drawn)} of ${formatCount(classes)} classes, those that are mistaken most often and that some rows have.`;
}

/** One class against the rest, by every model that ranks it; none where all rows are of it, or none is. */
function rankClass({ sample, models }: Shown, place: number): readonly DrawnClass[] {
  const positive = markRows(sample, place);
  const positives = positive.reduce((sum, one) => sum + one, 0);
  if (positives === 0 || positives === positive.length) return [];
  const ranked = models.flatMap((model) => rankBy(model, { sample, place, positive }));
  const share = positives / positive.length;
  return ranked.length === 0 ? [] : [{ positive: sample.classes[place] ?? '', share, models: ranked }];
}

/** 1 for each row of the class. */
function markRows({ task, labels, truths }: Sample, place: number): Uint8Array {
  const has = task === 'multilabel' ? truths[place] : labels;
  const wanted = task === 'multilabel' ? 1 : place;
  return Uint8Array.from(has ?? [], (value) => (value === wanted ? 1 : 0));
}

type OfClass = { readonly sample: Sample; readonly place: number; readonly positive: Uint8Array };

function rankBy({ who, name, side }: ShownModel, { sample, place, positive }: OfClass): readonly Ranked[] {
  const scores = side.scores.length === 0 ? undefined : scoresOf(side, place);
  if (scores === undefined || scores.every((score) => score === scores[0])) return [];
  const traced = traceCurves(positive, scores);
  const [auc, ap] = [formatNumber(traced.rocArea), formatNumber(traced.averagePrecision)];
  const [roc, precisionRecall] = [thinCurve(traced.roc), thinCurve(traced.precisionRecall)];
  const answered = sample.task === 'multilabel' ? side.parts[place] : side.predictions;
  const wanted = sample.task === 'multilabel' ? 1 : place;
  const operating = placeAnswers(countAnswers(positive, (row) => answered?.[row] === wanted));
  const text = `${name}: area under ROC ${auc}, average precision ${ap}`;
  return [{ who, name, auc, ap, text, roc, precisionRecall, operating }];
}

function countAnswers(positive: Uint8Array, isAnswered: (row: number) => boolean): Operating {
  const counts = { falsePositives: 0, truePositives: 0, negatives: 0, positives: 0 };
  for (const [row, is] of positive.entries()) {
    if (is === 1) {
      counts.positives += 1;
      if (isAnswered(row)) counts.truePositives += 1;
    } else {
      counts.negatives += 1;
      if (isAnswered(row)) counts.falsePositives += 1;
    }
  }
  return counts;
}

/** Where nothing is called positive there is no precision. */
function placeAnswers({
  falsePositives,
  truePositives,
  negatives,
  positives,
}: Operating): ModelCurves['operating'] {
  const recall = truePositives / positives;
  const called = truePositives + falsePositives;
  const precisionRecall: CurvePoint | undefined = called === 0 ? undefined : [recall, truePositives / called];
  return { roc: [falsePositives / negatives, recall], precisionRecall };
}

/** A line for each model, and for each class where those have a column of their own. */
function tableOf(classes: readonly DrawnClass[], heading?: string): Block {
  const numbers = ['ROC AUC', 'Average precision', 'Recall', 'False positive rate', 'Precision'];
  const columns = [...(heading === undefined ? [] : [heading]), 'Model', ...numbers.map(alignRight)];
  const rows = classes.flatMap(({ positive, models }) =>
    models.map(({ name, auc, ap, operating: { roc, precisionRecall } }) => [
      ...(heading === undefined ? [] : [positive]),
      name,
      auc,
      ap,
      formatValue(roc[1], 'rate'),
      formatValue(roc[0], 'rate'),
      precisionRecall === undefined ? '' : formatValue(precisionRecall[1], 'rate'),
    ]),
  );
  return { kind: 'table', columns, rows };
}
