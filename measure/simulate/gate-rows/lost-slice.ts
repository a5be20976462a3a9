import { adjustGuards, compareSlices, concludeSlices } from '../../../core/gate/judge/slices.ts';
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

const RULES = ['f1', 'recall', 'precision'] as const;
const PARTS = 100;
const ROWS_PER_PART = 200;
/** Share of rows on which just one of two equally good models is right. */
const DISAGREEMENT = 0.1;
const FULL_DRAWS = 300;
const LEAST_FOUND = 0.99;
const MOST_BLOCKED = 0.05;

/**
 * Row 19: three guards by the bootstrap on a column of a hundred values are three hundred slices under one error. How often the one that the
 * challenger answers wrongly in every row blocks, and how often a challenger that is worse nowhere is blocked.
 */
export function simulateLostSlice({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale, 4);
  const random = makeDraws(`${seed}|lost slice`);
  const pair = emptyPair({
    rows: PARTS * ROWS_PER_PART,
    classes: ['no', 'yes'],
    slice: { name: 'part', parts: PARTS },
  });
  const found = count(draws, (draw) => {
    drawAnswers(pair, random);
    loseSlice(pair, draw % PARTS);
    return isBlocked(pair, `${seed}|${draw}`);
  });
  const blocked = count(draws, (draw) => {
    drawAnswers(pair, random);
    return isBlocked(pair, `${seed}|${draw}`);
  });
  return {
    row: 19,
    quantity: `gate: ${RULES.length * PARTS} guarded slices of ${ROWS_PER_PART} rows by the bootstrap, one answered wrongly throughout (${draws} draws)`,
    anchors: [],
    target: '≥ 99% blocked; ≤ 5% where no slice is worse',
    observed: `${formatShare(found, draws)}; ${formatShare(blocked, draws)}`,
    met:
      keepsPromise(draws - found, draws, { most: 1 - LEAST_FOUND, fullDraws: FULL_DRAWS }) &&
      keepsPromise(blocked, draws, { most: MOST_BLOCKED, fullDraws: FULL_DRAWS }),
  };
}

function count(draws: number, holds: (draw: number) => boolean): number {
  let times = 0;
  for (let draw = 0; draw < draws; draw += 1) if (holds(draw)) times += 1;
  return times;
}

function isBlocked(pair: Pair, seed: string): boolean {
  const compared = RULES.map((name) => {
    const metric = binaryMetric(name);
    const rule = { kind: 'slices', metric: name, column: 'part', policy: 'guard', margin: 0.005 } as const;
    return compareSlices({ rule, metric }, pair, seed);
  });
  const guards = adjustGuards(compared);
  return compared.some((one) => concludeSlices(one, guards).verdict === 'fail');
}

function drawAnswers({ sample, champion, challenger }: Pair, random: Draws): void {
  for (let row = 0; row < sample.labels.length; row += 1) {
    const drawn = random.uniform();
    const label = random.uniform() < 0.5 ? 1 : 0;
    sample.labels[row] = label;
    champion.predictions[row] = drawn < DISAGREEMENT / 2 ? 1 - label : label;
    challenger.predictions[row] = drawn >= DISAGREEMENT / 2 && drawn < DISAGREEMENT ? 1 - label : label;
  }
}

function loseSlice({ sample, challenger }: Pair, part: number): void {
  for (let row = part; row < sample.labels.length; row += PARTS) {
    challenger.predictions[row] = 1 - (sample.labels[row] ?? 0);
  }
}
