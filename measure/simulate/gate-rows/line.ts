import { judgeAnchor } from '../../../core/gate/judge/anchor.ts';
import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import type { Pair } from '../../../core/gate/predictions.ts';
import { binaryMetric } from '../binary-metric.ts';
import { type Draws, makeDraws } from '../draws.ts';
import { emptySample } from '../empty-pair.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

const ROWS = 10_000;
const CANDIDATES = 12;
/** Each candidate is truly so much worse than the champion of its day, within the margin of one promotion. */
const STEP = 0.004;
const MARGIN = 0.005;
const ANCHOR_MARGIN = 2 * MARGIN;
/** Share of rows that only the candidate gets right. */
const GAINED = 0.002;
const FIRST_ACCURACY = 0.95;
/** The labels stay 0, so that an answer of 0 is right. */
const [RIGHT, WRONG] = [0, 1];
const SAMPLE = emptySample({ rows: ROWS, classes: ['right', 'wrong'] });
const FULL_DRAWS = 1000;
const MOST = 0.05;

/** Row 21: how often a line of promotions, each a little worse, ends beyond the margin that the first champion stands for. */
export function simulateLine({ scale, seed }: SimulationOptions): SimulationRow {
  const draws = drawsAt(FULL_DRAWS, scale, 20);
  const lost = { withAnchor: 0, without: 0 };
  for (let draw = 0; draw < draws; draw += 1) {
    if (isBeyond(lineOf(true, makeDraws(`${seed}|line|${draw}`)))) lost.withAnchor += 1;
    if (isBeyond(lineOf(false, makeDraws(`${seed}|line|${draw}`)))) lost.without += 1;
  }
  return {
    row: 21,
    quantity: `gate: ${CANDIDATES} candidates one after the other, each truly 0.4 points worse than its champion, on ${ROWS} rows: the line ends more than a point under the first champion (${draws} lines)`,
    anchors: [{ name: 'each compared with its champion alone', value: formatShare(lost.without, draws) }],
    target: '≤ 5%',
    observed: formatShare(lost.withAnchor, draws),
    met: keepsPromise(lost.withAnchor, draws, { most: MOST, fullDraws: FULL_DRAWS }),
  };
}

/** How many of the candidates were promoted. */
function lineOf(isAnchored: boolean, random: Draws): number {
  const champions: Float64Array[] = [
    Float64Array.from({ length: ROWS }, () => (random.uniform() < FIRST_ACCURACY ? RIGHT : WRONG)),
  ];
  for (let turn = 0; turn < CANDIDATES; turn += 1) {
    const champion = champions.at(-1) ?? new Float64Array(ROWS);
    const candidate = worsen(champion, champions.length - 1, random);
    const pairs = champions.map((earlier) => pairOf(earlier, candidate));
    if (isPromoted(pairs, isAnchored)) champions.push(candidate);
  }
  return champions.length - 1;
}

/** Every promotion has cost one step, so that more than this many are beyond the margin. */
function isBeyond(promotions: number): boolean {
  return promotions * STEP > ANCHOR_MARGIN;
}

/** Rows are lost and won at rates that make the candidate truly worse by one step. */
function worsen(champion: Float64Array, promotions: number, random: Draws): Float64Array {
  const accuracy = FIRST_ACCURACY - promotions * STEP;
  const [lose, win] = [(GAINED + STEP) / accuracy, GAINED / (1 - accuracy)];
  return Float64Array.from(champion, (answer) => {
    const changes = random.uniform() < (answer === RIGHT ? lose : win);
    return changes ? RIGHT + WRONG - answer : answer;
  });
}

/** The last pair is with the champion of the day, the others with those before it. */
function isPromoted(pairs: readonly Pair[], isAnchored: boolean): boolean {
  const metric = binaryMetric('accuracy');
  const rule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: MARGIN } as const;
  const task = { rule, metric };
  const more = { seed: '', names: { challenger: '' } };
  const present = pairs.at(-1);
  if (present === undefined || judgeCompare(task, present, { alpha: 0.05, ...more }).verdict !== 'pass')
    return false;
  const anchors = pairs.slice(0, -1).map((pair, index) => ({ name: String(index), pair }));
  return !isAnchored || (judgeAnchor(task, anchors, more)?.verdict ?? 'pass') === 'pass';
}

function pairOf(champion: Float64Array, challenger: Float64Array): Pair {
  const sideOf = (predictions: Float64Array) => ({ predictions, parts: [], scores: [], rowMetrics: {} });
  return { sample: SAMPLE, champion: sideOf(champion), challenger: sideOf(challenger) };
}
