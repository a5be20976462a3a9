import type { CurvePoint } from '../../pictures/draw-curves.ts';

/** Points of a curve, one after the other. */
type Curve = { readonly x: Float64Array; readonly y: Float64Array };

/** The curves of one ranking at every threshold that tells rows apart, from the highest on, and what lies under them. */
type TracedCurves = {
  /** Share of the negatives, share of the positives that lie above; begins at (0, 0). */
  readonly roc: Curve;
  /** Recall, precision. */
  readonly precisionRecall: Curve;
  /** By the trapezoidal rule. */
  readonly rocArea: number;
  /** The precision at each threshold by the recall that it adds. */
  readonly averagePrecision: number;
};

/** ROC and precision-recall of a ranking of rows, of which both kinds must be there. */
export function traceCurves(positive: Uint8Array, scores: Float64Array): TracedCurves {
  // Numbers alone are sorted many times faster than rows by their numbers.
  const of = (kind: number): Float64Array => scores.filter((_, row) => positive[row] === kind).sort();
  const [hits, misses] = [of(1), of(0)];
  const size = scores.length;
  const roc = { x: new Float64Array(size + 1), y: new Float64Array(size + 1) };
  const precisionRecall = { x: new Float64Array(size), y: new Float64Array(size) };
  let [above, below, points, rocArea, averagePrecision] = [0, 0, 0, 0, 0];
  while (above < hits.length || below < misses.length) {
    const score = Math.max(lastOf(hits, above), lastOf(misses, below));
    const [recallBefore, falseBefore] = [above / hits.length, below / misses.length];
    while (lastOf(hits, above) === score) above += 1;
    while (lastOf(misses, below) === score) below += 1;
    const [recall, falseRate] = [above / hits.length, below / misses.length];
    const precision = above / (above + below);
    rocArea += ((falseRate - falseBefore) * (recall + recallBefore)) / 2;
    averagePrecision += (recall - recallBefore) * precision;
    precisionRecall.x[points] = recall;
    precisionRecall.y[points] = precision;
    points += 1;
    roc.x[points] = falseRate;
    roc.y[points] = recall;
  }
  return {
    roc: cutCurve(roc, points + 1),
    precisionRecall: cutCurve(precisionRecall, points),
    rocArea,
    averagePrecision,
  };
}

/** The largest of sorted numbers but for the `taken` largest. */
function lastOf(sorted: Float64Array, taken: number): number {
  return sorted[sorted.length - 1 - taken] ?? Number.NEGATIVE_INFINITY;
}

function cutCurve({ x, y }: Curve, points: number): Curve {
  return { x: x.subarray(0, points), y: y.subarray(0, points) };
}

/** So many steps of each axis are told apart in a picture. */
const STEPS = 150;
/** No curve has more points than this, however it goes up and down. */
const MOST_POINTS = 400;

/** A curve without the points that lie so near to the one before that nobody would see them; its ends stay. */
export function thinCurve({ x, y }: Curve): readonly CurvePoint[] {
  const kept: CurvePoint[] = [];
  for (const [index, across] of x.entries()) {
    const up = y[index] ?? Number.NaN;
    const last = kept.at(-1);
    const isEnd = index === x.length - 1;
    const isFar = last === undefined || Math.abs(across - last[0]) + Math.abs(up - last[1]) >= 1 / STEPS;
    if (isEnd || isFar) kept.push([across, up]);
  }
  if (kept.length <= MOST_POINTS) return kept;
  const stride = Math.ceil(kept.length / (MOST_POINTS - 1));
  return kept.filter((_, index) => index % stride === 0 || index === kept.length - 1);
}
