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

/** Which class is told from the rest, what share of the rows is of it, and the models. */
export type ClassCurves = {
  readonly positive: string;
  readonly share: number;
  readonly models: readonly ModelCurves[];
};

const SIDE = { alone: 320, among: 200 } as const;
const TOP = 74;
const LEFT = 66;
const GAP = 96;
/** Below a plot, for the numbers and the name of its axis. */
const BELOW = 52;
const WHOLE = [0, 1] as const;
const writeShare = (value: number): string => String(Math.round(10 * value) / 10);

/**
 * ROC and precision against recall of all models, each with the point that its answers stand for; class after class, where there are several.
 * `rest` says what is left out.
 */
export function drawCurves(classes: readonly ClassCurves[], rest?: string): string {
  const side = classes.length === 1 ? SIDE.alone : SIDE.among;
  const drawn: Shape[] = [];
  let top = TOP;
  for (const one of classes) {
    if (classes.length > 1) {
      drawn.push(label(`${one.positive} against the rest`, { x: 24, y: top, style: 'strong' }, 110));
      top += 20;
    }
    drawn.push(...drawKey(one.models, 24, top));
    top += keyHeight(one.models) + 18;
    drawn.push(...drawPair(one, top, side));
    top += side + BELOW + (classes.length > 1 ? 26 : 0);
  }
  const [first] = classes;
  const positive = classes.length === 1 ? `Positive: ${first?.positive ?? ''}. ` : '';
  const heading = [
    label('Ranking, and where the answers stand', { x: 24, y: 30, style: 'head' }),
    label(`${positive}Dotted: chance. Marked: the answers as they are given.`, MUTED, 110),
  ];
  const left = rest === undefined ? [] : [label(rest, { x: 24, y: top, style: 'muted small' }, 110)];
  const texts = classes.flatMap(({ positive: name, models }) =>
    models.map(({ text }) => (classes.length === 1 ? text : `${name}: ${text}`)),
  );
  const description = `ROC and precision-recall curves. ${texts.join('. ')}.`;
  const width = LEFT + 2 * SIDE.alone + GAP + 34;
  const height = top + (rest === undefined ? 0 : 20);
  return drawSheet({ title: 'Ranking', description, width, height }, [...heading, ...drawn, ...left]);
}

const MUTED = { x: 24, y: 50, style: 'muted small' } as const;

/** Both plots of one class, beside each other. */
function drawPair({ share, models }: ClassCurves, top: number, side: number): readonly Shape[] {
  const frame = { y: top, width: side, height: side };
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
    x: LEFT + SIDE.alone + GAP,
    title: 'Precision and recall',
    across: axis('recall'),
    up: axis('precision'),
  });
  const diagonal = [
    [0, 0],
    [1, 1],
  ] as const;
  const level = [
    [0, share],
    [1, share],
  ] as const;
  return [
    ...left.frame,
    ...right.frame,
    drawLine(left, diagonal, 'guide'),
    drawLine(right, level, 'guide'),
    ...models.flatMap(({ who, roc, operating }) => drawModel(left, { who, curve: roc, at: operating.roc })),
    ...models.flatMap(({ who, precisionRecall, operating }) =>
      drawModel(right, { who, curve: precisionRecall, at: operating.precisionRecall }),
    ),
  ];
}

type DrawnModel = {
  readonly who: Who;
  readonly curve: readonly CurvePoint[];
  readonly at: CurvePoint | undefined;
};

function drawModel(plot: Plot, { who, curve, at }: DrawnModel): readonly Shape[] {
  const mark = at === undefined ? [] : [drawMark(who, plot.toX(at[0]), plot.toY(at[1]))];
  return [drawLine(plot, curve, who), ...mark];
}
