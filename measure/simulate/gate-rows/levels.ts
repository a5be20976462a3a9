import type { Pair, Side } from '../../../core/gate/predictions.ts';
import type { MetricDetail } from '../../../core/gate/rules/rule.ts';
import { binaryMetric } from '../binary-metric.ts';
import { type Draws, makeDraws } from '../draws.ts';
import { emptyScoredPair } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';
import { type Contest, countPromotions, trueHarm } from './contest.ts';

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
  const truths = new Map<string, number>();
  const truthOf = (cell: Cell): number =>
    trueHarm(contestOf({ ...cell, rows: LARGE }, makeDraws(`${seed}|truth`)), times);
  const promoted = cells.map((cell, index) => {
    const margin = truths.get(cell.metric) ?? truthOf(cell);
    truths.set(cell.metric, margin);
    const own = `${seed}|${row}|${index}`;
    return countPromotions(contestOf(cell, makeDraws(own)), { draws, margin, seed: own });
  });
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

function contestOf({ metric, rows, detail }: Cell, random: Draws): Contest {
  const pair = emptyScoredPair({ rows, classes: ['no', 'yes'] });
  return { metric: binaryMetric(metric, detail), pair, draw: () => drawScores(pair, random) };
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
