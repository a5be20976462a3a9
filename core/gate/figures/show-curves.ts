import { type CurvePoint, drawCurves, type ModelCurves } from '../../pictures/draw-curves.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { formatNumber, formatValue } from '../format-value.ts';
import { probability } from '../metrics/probability.ts';
import { notRankable } from '../metrics/ranking.ts';
import type { Sample, Side } from '../predictions.ts';
import type { GateFigure, Shown, ShownModel } from './figure.ts';
import { thinCurve, traceCurves } from './trace-curves.ts';

/** The counts that the answers of one model stand for. */
type Operating = {
  readonly falsePositives: number;
  readonly truePositives: number;
  readonly negatives: number;
  readonly positives: number;
};

type Ranked = ModelCurves & { readonly name: string; readonly auc: string; readonly ap: string };

/** ROC and precision-recall of two classes; `undefined` where there are others, or no model ranks. */
export function showCurves({ sample, models }: Shown): GateFigure | undefined {
  if (sample.task !== 'binary') return undefined;
  const ranked = models.flatMap((model): readonly Ranked[] => rankOf(sample, model));
  if (ranked.length === 0) return undefined;
  const positive = sample.classes[1] ?? '';
  const share = sample.labels.reduce((sum, label) => sum + label, 0) / sample.labels.length;
  return {
    file: 'ranking.svg',
    title: 'Ranking, and where the answers stand',
    svg: drawCurves({ positive, share, models: ranked }),
    blocks: [
      { kind: 'paragraph', text: `Positive: ${positive}, ${formatValue(share, 'rate')} of the rows.` },
      tableOf(ranked),
    ],
  };
}

function rankOf(sample: Sample, { who, name, side }: ShownModel): readonly Ranked[] {
  if (notRankable(sample, side) !== undefined) return [];
  const positive = Uint8Array.from(sample.labels, (label) => (label === 1 ? 1 : 0));
  const scores = Float64Array.from(sample.labels, (_, row) => probability(side, 1, row));
  const traced = traceCurves(positive, scores);
  const [auc, ap] = [formatNumber(traced.rocArea), formatNumber(traced.averagePrecision)];
  const [roc, precisionRecall] = [thinCurve(traced.roc), thinCurve(traced.precisionRecall)];
  const operating = placeAnswers(countAnswers(sample, side));
  const text = `${name}: area under ROC ${auc}, average precision ${ap}`;
  return [{ who, name, auc, ap, text, roc, precisionRecall, operating }];
}

function countAnswers({ labels }: Sample, { predictions }: Side): Operating {
  const counts = { falsePositives: 0, truePositives: 0, negatives: 0, positives: 0 };
  for (const [row, label] of labels.entries()) {
    const isAnswered = predictions[row] === 1;
    if (label === 1) {
      counts.positives += 1;
      if (isAnswered) counts.truePositives += 1;
    } else {
      counts.negatives += 1;
      if (isAnswered) counts.falsePositives += 1;
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

function tableOf(models: readonly Ranked[]): Block {
  const columns = [
    'Model',
    ...['ROC AUC', 'Average precision', 'Recall', 'False positive rate', 'Precision'].map(alignRight),
  ];
  const rows = models.map(({ name, auc, ap, operating: { roc, precisionRecall } }) => [
    name,
    auc,
    ap,
    formatValue(roc[1], 'rate'),
    formatValue(roc[0], 'rate'),
    precisionRecall === undefined ? '' : formatValue(precisionRecall[1], 'rate'),
  ]);
  return { kind: 'table', columns, rows };
}
