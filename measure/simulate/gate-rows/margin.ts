import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import { judgeMlflow } from '../../../core/gate/judge/mlflow.ts';
import type { Pair } from '../../../core/gate/predictions.ts';
import { binaryMetric } from '../binary-metric.ts';
import { type Draws, makeDraws } from '../draws.ts';
import { emptyPair } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

/** Rows of the holdout, share of rows on which just one model is right, and the margin at which the challenger truly is. */
type Cell = { readonly rows: number; readonly disagreement: number; readonly margin: number };

const CELLS: readonly Cell[] = [
  { rows: 300, disagreement: 0.1, margin: 0.02 },
  { rows: 1000, disagreement: 0.04, margin: 0.01 },
  { rows: 2000, disagreement: 0.1, margin: 0.005 },
  { rows: 3000, disagreement: 0.02, margin: 0.005 },
  { rows: 6000, disagreement: 0.08, margin: 0.005 },
];
/** The cell of the published comparison: half a point worse on 2,000 rows. */
const MLFLOW_CELL = 2;
const FULL_DRAWS = 20_000;
const MOST = 0.055;

/** Row 5: how often a challenger that is worse by just the margin is promoted. */
export function simulateMargin({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale, 500);
  const outcomes = CELLS.map((cell, index) => judgeCell(cell, draws, makeDraws(`${seed}|margin|${index}`)));
  const worst = Math.max(...outcomes.map(({ promoted }) => promoted));
  const mlflow = outcomes[MLFLOW_CELL]?.byMlflow ?? 0;
  return {
    row: 5,
    quantity: `gate: promotes a model that is truly worse by the margin (${CELLS.length} cells of ${draws} draws, the worst)`,
    anchors: [
      {
        name: 'MLflow, candidate at least the baseline (2,000 rows, -0.5 pp)',
        value: formatShare(mlflow, draws),
      },
    ],
    target: '≤ 5.5%',
    observed: formatShare(worst, draws),
    met: keepsPromise(worst, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

function judgeCell(cell: Cell, draws: number, random: Draws): { promoted: number; byMlflow: number } {
  const accuracy = binaryMetric('accuracy');
  const pair = emptyPair({ rows: cell.rows, classes: ['right', 'wrong'] });
  const rule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: cell.margin } as const;
  const mlflow = { kind: 'mlflow', metric: 'accuracy', minAbsoluteChange: 0, greaterIsBetter: true } as const;
  const options = { alpha: 0.05, seed: '', names: { challenger: '' } };
  let promoted = 0;
  let byMlflow = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    drawAnswers(pair, cell, random);
    const check = judgeCompare({ rule, metric: accuracy }, pair, options);
    if (check.verdict === 'pass') promoted += 1;
    if (judgeMlflow(mlflow, check.challenger, check.champion).verdict === 'pass') byMlflow += 1;
  }
  return { promoted, byMlflow };
}

/** The labels stay 0, so that an answer of 0 is right. */
function drawAnswers({ champion, challenger }: Pair, { disagreement, margin }: Cell, random: Draws): void {
  const onlyChallenger = (disagreement - margin) / 2;
  for (let row = 0; row < champion.predictions.length; row += 1) {
    const drawn = random.uniform();
    champion.predictions[row] = drawn < onlyChallenger ? 1 : 0;
    challenger.predictions[row] = drawn >= onlyChallenger && drawn < disagreement ? 1 : 0;
  }
}
