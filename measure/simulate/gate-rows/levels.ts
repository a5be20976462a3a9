import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import { evaluateMetric, type Metric } from '../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import type { Pair, Side } from '../../../core/gate/predictions.ts';
import type { MetricDetail } from '../../../core/gate/rules/rule.ts';
import { type Draws, makeDraws } from '../draws.ts';
import { emptyPair } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

/** A metric on so many rows, half of them positive; the challenger is over-confident, which costs it calibration, Brier score and money. */
type Cell = { readonly metric: string; readonly rows: number; readonly detail?: MetricDetail };

const CALIBRATION: readonly Cell[] = [
  { metric: 'ece', rows: 1000 },
  { metric: 'ece', rows: 4000 },
  { metric: 'brier', rows: 1000 },
  { metric: 'brier', rows: 4000 },
];
const COSTS = { no: { yes: 1 }, yes: { no: 20 } };
const COST: readonly Cell[] = [
  { metric: 'expected-cost', rows: 2000, detail: { costs: COSTS } },
  { metric: 'expected-cost', rows: 8000, detail: { costs: COSTS } },
];
const FULL_DRAWS = 1000;
const MOST = 0.055;
/** The truth is of so many rows, so that its own error is a small part of a holdout's. */
const LARGE = 200_000;
const FULL_TIMES = 20;
/** The challenger's logits are so many times as large as they should be, and lean so far to one side. */
const OVERCONFIDENCE = 2;
const LEANING = -0.3;

/** Rows 22 and 23: how often a challenger is promoted that is worse by just the margin in its calibration, and in what its answers cost. */
export function simulateLevels(options: SimulationOptions): SimulationRow[] {
  return [
    rowOf(options, 22, 'calibration (ECE and Brier score)', CALIBRATION),
    rowOf(options, 23, 'expected cost, one mistake twenty times as dear as the other', COST),
  ];
}

function rowOf(
  { scale, seed }: SimulationOptions,
  row: number,
  what: string,
  cells: readonly Cell[],
): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale, 10);
  const times = drawsAt(FULL_TIMES, scale, 3);
  const truths = new Map(
    cells.map((cell) => [
      cell.metric,
      trueHarm(metricOf(cell), { times, random: makeDraws(`${seed}|truth`) }),
    ]),
  );
  const promoted = cells.map((cell, index) =>
    promotions(cell, { draws, margin: truths.get(cell.metric) ?? 0, seed: `${seed}|${row}|${index}` }),
  );
  const worst = Math.max(...promoted);
  return {
    row,
    quantity: `gate, ${what}: promotes a model that is truly worse by the margin (${cells.length} cells of ${draws} draws, the worst)`,
    anchors: [],
    target: '≤ 5.5%',
    observed: formatShare(worst, draws),
    met: keepsPromise(worst, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

type Trial = { readonly draws: number; readonly margin: number; readonly seed: string };

function promotions(cell: Cell, { draws, margin, seed }: Trial): number {
  const metric = metricOf(cell);
  const rule = { kind: 'compare', metric: cell.metric, require: 'non-inferior', margin } as const;
  const random = makeDraws(seed);
  const pair = scoredPair(cell.rows);
  let promoted = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    drawScores(pair, random);
    const options = { alpha: 0.05, seed: `${seed}|${draw}`, names: { challenger: '' } };
    if (judgeCompare({ rule, metric }, pair, options).verdict === 'pass') promoted += 1;
  }
  return promoted;
}

/** The difference on so many rows that it is the truth. */
function trueHarm(
  metric: Metric,
  { times, random }: { readonly times: number; readonly random: Draws },
): number {
  const pair = scoredPair(LARGE);
  const measured = (side: Side): number => {
    const value = evaluateMetric(metric, pair.sample, side);
    if (typeof value === 'number') return value;
    throw new Error(value.message);
  };
  let sum = 0;
  for (let draw = 0; draw < times; draw += 1) {
    drawScores(pair, random);
    sum += measured(pair.challenger) - measured(pair.champion);
  }
  return sum / times;
}

function metricOf({ metric, detail }: Cell): Metric {
  const found = findMetric(metric, 'binary', detail);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

function scoredPair(rows: number): Pair {
  const pair = emptyPair({ rows, classes: ['no', 'yes'] });
  const scored = (side: Side): Side => ({ ...side, scores: [new Float64Array(rows)] });
  return { ...pair, champion: scored(pair.champion), challenger: scored(pair.challenger) };
}

/** The champion's probabilities are the truth. */
function drawScores({ sample, champion, challenger }: Pair, random: Draws): void {
  for (let row = 0; row < sample.labels.length; row += 1) {
    const logit = 1.5 * random.normal();
    const truth = 1 / (1 + Math.exp(-logit));
    sample.labels[row] = random.uniform() < truth ? 1 : 0;
    set(champion, row, truth);
    set(challenger, row, 1 / (1 + Math.exp(-OVERCONFIDENCE * logit - LEANING)));
  }
}

function set({ scores, predictions }: Side, row: number, positive: number): void {
  const column = scores[0];
  if (column !== undefined) column[row] = positive;
  predictions[row] = positive > 0.5 ? 1 : 0;
}
