import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import type { Pair } from '../../../core/gate/predictions.ts';
import { binaryMetric } from '../binary-metric.ts';
import { makeDraws } from '../draws.ts';
import { emptyPair } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

/** A kind of row: its label, both models' answers, and how large a part of all rows it is. */
type Kind = {
  readonly label: number;
  readonly champion: number;
  readonly challenger: number;
  readonly share: number;
};

const ROWS = 1000;
/** Three rows in ten are positive; the models disagree on one in fifty, and the challenger is wrong on two thirds of those. */
const KINDS: readonly Kind[] = [0, 1].flatMap((label): Kind[] => {
  const part = label === 1 ? 0.3 : 0.7;
  const wrong = 1 - label;
  return [
    { label, champion: label, challenger: label, share: part * 0.95 },
    { label, champion: wrong, challenger: wrong, share: part * 0.03 },
    { label, champion: label, challenger: wrong, share: (part * 0.04) / 3 },
    { label, champion: wrong, challenger: label, share: (part * 0.02) / 3 },
  ];
});
const FULL_DRAWS = 2000;
const MOST = 0.055;

/** Row 5 for a metric that only the bootstrap can bound: F1, with a challenger that is truly worse by just the margin. */
export function simulateBootstrap({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale);
  const random = makeDraws(`${seed}|bootstrap`);
  const f1 = binaryMetric('f1');
  const margin = trueF1('champion') - trueF1('challenger');
  const rule = { kind: 'compare', metric: 'f1', require: 'non-inferior', margin } as const;
  const pair = emptyPair({ rows: ROWS, classes: ['no', 'yes'] });
  let promoted = 0;
  let higher = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    fill(
      pair,
      random.multinomial(
        ROWS,
        KINDS.map(({ share }) => share),
      ),
    );
    const options = { alpha: 0.05, seed: `${seed}|${draw}`, names: { challenger: '' } };
    const check = judgeCompare({ rule, metric: f1 }, pair, options);
    if (check.verdict === 'pass') promoted += 1;
    if ((check.challenger ?? 0) >= (check.champion ?? 0)) higher += 1;
  }
  return {
    row: 5,
    quantity: `gate, F1 by the bootstrap: promotes a model that is truly worse by the margin (${ROWS} rows, ${draws} draws)`,
    anchors: [{ name: 'MLflow, candidate at least the baseline', value: formatShare(higher, draws) }],
    target: '≤ 5.5%',
    observed: formatShare(promoted, draws),
    met: keepsPromise(promoted, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

function trueF1(who: 'champion' | 'challenger'): number {
  const sum = (holds: (kind: Kind) => boolean): number =>
    KINDS.filter(holds).reduce((total, { share }) => total + share, 0);
  const hits = sum((kind) => kind.label === 1 && kind[who] === 1);
  return (2 * hits) / (sum(({ label }) => label === 1) + sum((kind) => kind[who] === 1));
}

function fill({ sample, champion, challenger }: Pair, counts: readonly number[]): void {
  let row = 0;
  for (const [place, kind] of KINDS.entries()) {
    const end = row + (counts[place] ?? 0);
    sample.labels.fill(kind.label, row, end);
    champion.predictions.fill(kind.champion, row, end);
    challenger.predictions.fill(kind.challenger, row, end);
    row = end;
  }
}
