import { judgeFairness } from '../../../core/gate/judge/fairness.ts';
import type { Side } from '../../../core/gate/predictions.ts';
import { type Draws, makeDraws } from '../draws.ts';
import { emptySample, emptySide } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

/** True rates of the groups, whose largest gap is 0 or just the limit. */
type Cell = { readonly groups: number; readonly lowest: number; readonly highest: number };

const ROWS_PER_GROUP = 100;
const LIMIT = 0.1;
const CELLS: readonly Cell[] = [
  { groups: 6, lowest: 0.3, highest: 0.3 },
  { groups: 10, lowest: 0.3, highest: 0.3 },
  { groups: 6, lowest: 0.25, highest: 0.35 },
  { groups: 10, lowest: 0.25, highest: 0.35 },
];
const FULL_DRAWS = 2000;
const BOOTSTRAP_DRAWS = 200;
const MOST = 0.05;

/** Row 7: how often groups that are equal, or just as far apart as is allowed, are called unfair. */
export function simulateFairness({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale);
  const outcomes = CELLS.map((cell, index) => judgeCell(cell, draws, makeDraws(`${seed}|fairness|${index}`)));
  const range = (counts: readonly number[]): string =>
    `${formatShare(Math.min(...counts), draws)} to ${formatShare(Math.max(...counts), draws)}`;
  const worst = Math.max(...outcomes.map(({ ours }) => ours));
  return {
    row: 7,
    quantity: `gate: calls fair groups unfair, 6 and 10 groups of ${ROWS_PER_GROUP}, limit ${LIMIT}, true gap 0 and ${LIMIT} (${draws} draws each, the worst)`,
    anchors: [
      { name: 'observed gap over the limit', value: range(outcomes.map(({ point }) => point)) },
      {
        name: 'bootstrap bound of the gap over the limit',
        value: range(outcomes.map(({ bootstrap }) => bootstrap)),
      },
    ],
    target: '≤ 5%',
    observed: formatShare(worst, draws),
    met: keepsPromise(worst, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

function judgeCell(
  cell: Cell,
  draws: number,
  random: Draws,
): { ours: number; point: number; bootstrap: number } {
  const rows = cell.groups * ROWS_PER_GROUP;
  const slice = { name: 'group', parts: cell.groups };
  const sample = emptySample({ rows, classes: ['no', 'yes'], slice });
  const side = emptySide(rows);
  const rule = { kind: 'fairness', metric: 'demographic-parity', column: 'group', limit: LIMIT } as const;
  const blocked = { ours: 0, point: 0, bootstrap: 0 };
  for (let draw = 0; draw < draws; draw += 1) {
    const rates = drawAnswers(cell, side, random);
    if (
      judgeFairness(rule, { sample, challenger: side, pair: undefined, anchors: [] }, '').verdict === 'fail'
    )
      blocked.ours += 1;
    if (gapOf(rates) > LIMIT) blocked.point += 1;
    if (bootstrapBound(rates, random) > LIMIT) blocked.bootstrap += 1;
  }
  return blocked;
}

/** Every other group has the highest rate, so that as many pairs as can be lie at the limit. */
function drawAnswers(cell: Cell, side: Side, random: Draws): number[] {
  const hits = new Array<number>(cell.groups).fill(0);
  for (let row = 0; row < side.predictions.length; row += 1) {
    const group = row % cell.groups;
    const answer = random.uniform() < (group % 2 === 0 ? cell.lowest : cell.highest) ? 1 : 0;
    side.predictions[row] = answer;
    hits[group] = (hits[group] ?? 0) + answer;
  }
  return hits.map((count) => count / ROWS_PER_GROUP);
}

function gapOf(rates: readonly number[]): number {
  return Math.max(...rates) - Math.min(...rates);
}

/** The 5% point of the largest gap when every group's rows are drawn again: the usual way, which adds noise to noise. */
function bootstrapBound(rates: readonly number[], random: Draws): number {
  const drawRate = (rate: number): number => random.binomial(ROWS_PER_GROUP, rate) / ROWS_PER_GROUP;
  const gaps = Float64Array.from({ length: BOOTSTRAP_DRAWS }, () => gapOf(rates.map(drawRate)));
  return gaps.sort()[Math.floor(0.05 * BOOTSTRAP_DRAWS)] ?? Number.NaN;
}
