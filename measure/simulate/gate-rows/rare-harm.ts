import type { Pair } from '../../../core/gate/predictions.ts';
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

/**
 * A holdout and the rows that the challenger fails on completely: of the positives, a share so that `failing` are expected. Nothing else sets
 * the models apart but a little jitter.
 */
type Cell = {
  readonly metric: string;
  readonly rows: number;
  readonly positives: number;
  readonly failing: number;
};

const CELLS: readonly Cell[] = [
  { metric: 'roc-auc', rows: 3000, positives: 12, failing: 1.2 },
  { metric: 'roc-auc', rows: 5000, positives: 30, failing: 3.2 },
  { metric: 'roc-auc', rows: 2000, positives: 200, failing: 3.2 },
  { metric: 'roc-auc', rows: 2000, positives: 1000, failing: 6 },
  { metric: 'average-precision', rows: 500, positives: 12, failing: 1.2 },
  { metric: 'average-precision', rows: 500, positives: 100, failing: 3.2 },
  { metric: 'log-loss', rows: 1000, positives: 500, failing: 2 },
  { metric: 'log-loss', rows: 2000, positives: 1000, failing: 3.2 },
];
const FULL_DRAWS = 2000;
const MOST = 0.055;
/** Draws of the truth, which is what the margin is set to. */
const LARGE = 300_000;
/** Logits of the two classes lie so far from 0, and vary by so much. */
const CENTRE = 2.5;
const SPREAD = 1.1;
const JITTER = 0.05;
const FAILED = -40;

/** Row 20: how often a challenger is promoted whose harm is rare, large and in all worse by just the margin; and how often an equal one. */
export function simulateRareHarm({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale, 20);
  const few = Math.ceil(draws / 10);
  const outcomes = CELLS.map((cell, index) => {
    const truth = contestOf(cell, makeDraws(`${seed}|truth|${index}`));
    const margin = trueHarm(truth, Math.ceil(LARGE / cell.rows));
    const random = makeDraws(`${seed}|rare|${index}`);
    const equal = { ...cell, failing: 0 };
    const trial = { draws, margin, seed: String(seed) };
    return {
      promoted: countPromotions(contestOf(cell, random), trial),
      passed: countPromotions(contestOf(equal, random), { ...trial, draws: few }),
    };
  });
  const worst = Math.max(...outcomes.map(({ promoted }) => promoted));
  const powers = outcomes.map(({ passed }) => formatShare(passed, few));
  return {
    row: 20,
    quantity: `gate: promotes a model that fails completely on a rare kind of rows and is worse by the margin in all (${CELLS.length} cells of ROC AUC, average precision and log-loss, ${draws} draws each, the worst)`,
    anchors: [],
    target: '≤ 5.5%',
    observed: `${formatShare(worst, draws)}; equal models pass in ${powers.join(', ')}`,
    met: keepsPromise(worst, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

function contestOf(cell: Cell, random: Draws): Contest {
  const pair = emptyScoredPair({ rows: cell.rows, classes: ['no', 'yes'] });
  pair.sample.labels.fill(1, 0, cell.positives);
  return { metric: binaryMetric(cell.metric), pair, draw: () => drawScores(pair, cell, random) };
}

function drawScores({ sample, champion, challenger }: Pair, cell: Cell, random: Draws): void {
  const rate = cell.failing / cell.positives;
  for (const [row, label] of sample.labels.entries()) {
    const logit = (label === 1 ? CENTRE : -CENTRE) + SPREAD * random.normal();
    const fails = label === 1 && random.uniform() < rate;
    set(champion, row, logit);
    set(challenger, row, fails ? FAILED : logit + JITTER * random.normal());
  }
}

function set({ scores }: Pair['champion'], row: number, logit: number): void {
  const column = scores[0];
  if (column !== undefined) column[row] = 1 / (1 + Math.exp(-logit));
}
