import { drawKey, drawMark, type KeyEntry, keyHeight, type Who } from './model-key.ts';
import { drawLine, openPlot, type Plot } from './plot.ts';
import { drawSheet, label, type Shape } from './svg.ts';

/** A point of a curve; shares from 0 to 1. */
export type CurvePoint = readonly [x: number, y: number];

/** One model's curves, and where it stands on them by the answers it gives. */
export type ModelCurves = KeyEntry & {
  /** False positives among the negatives, true positives among the positives. */
  readonly roc: readonly CurvePoint[];
  /** Recall, precision. */
  readonly precisionRecall: readonly CurvePoint[];
  readonly operating: { readonly roc: CurvePoint; readonly precisionRecall: CurvePoint | undefined };
};

/** Which class is looked for, what share of the rows is of it, and the models. */
type CurvesFigure = {
  readonly positive: string;
  readonly share: number;
  readonly models: readonly ModelCurves[];
};

const SIDE = 320;
const TOP = 92;
const LEFT = 66;
const GAP = 96;
const WHOLE = [0, 1] as const;
const writeShare = (value: number): string => String(Math.round(10 * value) / 10);

/** ROC and precision against recall of both models, each with the point that its answers stand for. */
export function drawCurves({ positive, share, models }: CurvesFigure): string {
  const top = TOP + keyHeight(models);
  const frame = { y: top, width: SIDE, height: SIDE };
  const axis = (title: string) => ({ range: WHOLE, title, write: writeShare });
  const left = openPlot({
    ...frame,
    x: LEFT,
    title: 'ROC',
    across: axis('false positive rate'),
    up: axis('true positive rate'),
  });
  const right = openPlot({
    ...frame,
    x: LEFT + SIDE + GAP,
    title: 'Precision and recall',
    across: axis('recall'),
    up: axis('precision'),
  });
  const chance = [
    drawLine(
      left,
      [
        [0, 0],
        [1, 1],
      ],
      'guide',
    ),
    drawLine(
      right,
      [
        [0, share],
        [1, share],
      ],
      'guide',
    ),
  ];
  const shapes = [
    label('Ranking, and where the answers stand', { x: 24, y: 30, style: 'head' }),
    label(`Positive: ${positive}. Dotted: chance. Marked: the answers as they are given.`, MUTED, 110),
    ...drawKey(models, 24, 74),
    ...left.frame,
    ...right.frame,
    ...chance,
    ...models.flatMap(({ who, roc, operating }) => drawModel(left, { who, curve: roc, at: operating.roc })),
    ...models.flatMap(({ who, precisionRecall, operating }) =>
      drawModel(right, { who, curve: precisionRecall, at: operating.precisionRecall }),
    ),
  ];
  const width = LEFT + 2 * SIDE + GAP + 34;
  const description = `ROC and precision-recall curves. ${models.map(({ text }) => text).join('. ')}.`;
  return drawSheet({ title: 'Ranking', description, width, height: top + SIDE + 52 }, shapes);
}

const MUTED = { x: 24, y: 50, style: 'muted small' } as const;

type DrawnModel = {
  readonly who: Who;
  readonly curve: readonly CurvePoint[];
  readonly at: CurvePoint | undefined;
};

function drawModel(plot: Plot, { who, curve, at }: DrawnModel): readonly Shape[] {
  const mark = at === undefined ? [] : [drawMark(who, plot.toX(at[0]), plot.toY(at[1]))];
  return [drawLine(plot, curve, who), ...mark];
}
