import { adjustGuards, compareSlices, concludeSlices } from '../../../core/gate/judge/slices.ts';
import type { Pair } from '../../../core/gate/predictions.ts';
import { mcnemarHarm } from '../../../core/statistics/mcnemar.ts';
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

const SLICES = 20;
const ROWS_PER_SLICE = 200;
/** Share of rows on which just one of two equally good models is right. */
const DISAGREEMENT = 0.1;
const FULL_DRAWS = 4000;
const MOST = 0.05;

type Counts = { readonly gains: number; readonly losses: number };

/** Row 6: how often a model that is worse nowhere is blocked by one of twenty slices. */
export function simulateSlices({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale);
  const random = makeDraws(`${seed}|slices`);
  const accuracy = binaryMetric('accuracy');
  const rule = { kind: 'slices', metric: 'accuracy', column: 'part', policy: 'guard', margin: 0 } as const;
  const pair = emptyPair({
    rows: SLICES * ROWS_PER_SLICE,
    classes: ['right', 'wrong'],
    slice: { name: 'part', parts: SLICES },
  });
  const blocked = { ours: 0, twoPoints: 0, uncorrected: 0 };
  for (let draw = 0; draw < draws; draw += 1) {
    const counts = drawAnswers(pair, random);
    const compared = compareSlices({ rule, metric: accuracy }, pair, '');
    if (concludeSlices(compared, adjustGuards([compared])).verdict === 'fail') blocked.ours += 1;
    if (counts.some(({ gains, losses }) => losses - gains >= 0.02 * ROWS_PER_SLICE)) blocked.twoPoints += 1;
    if (counts.some(({ gains, losses }) => mcnemarHarm(gains, losses) < 0.05)) blocked.uncorrected += 1;
  }
  return {
    row: 6,
    quantity: `gate: blocks a good model by one of ${SLICES} slices of ${ROWS_PER_SLICE} rows (${draws} draws)`,
    anchors: [
      { name: 'any slice 2 points worse', value: formatShare(blocked.twoPoints, draws) },
      { name: 'any slice p < .05, uncorrected', value: formatShare(blocked.uncorrected, draws) },
    ],
    target: '≤ 5%',
    observed: formatShare(blocked.ours, draws),
    met: keepsPromise(blocked.ours, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

function drawAnswers({ champion, challenger }: Pair, random: Draws): Counts[] {
  const gains = new Uint32Array(SLICES);
  const losses = new Uint32Array(SLICES);
  for (let row = 0; row < champion.predictions.length; row += 1) {
    const drawn = random.uniform();
    const gained = drawn < DISAGREEMENT / 2;
    const lost = !gained && drawn < DISAGREEMENT;
    champion.predictions[row] = gained ? 1 : 0;
    challenger.predictions[row] = lost ? 1 : 0;
    const slice = row % SLICES;
    gains[slice] = (gains[slice] ?? 0) + (gained ? 1 : 0);
    losses[slice] = (losses[slice] ?? 0) + (lost ? 1 : 0);
  }
  return Array.from(gains, (gain, slice) => ({ gains: gain, losses: losses[slice] ?? 0 }));
}
