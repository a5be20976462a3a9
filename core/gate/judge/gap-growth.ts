import { bootstrap, type Resampling } from '../../statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../statistics/random/random-stream.ts';
import { RESAMPLES } from '../comparison/bootstrap.ts';
import { groupRows } from '../comparison/group-rows.ts';
import type { GroupOutcome } from '../metrics/outcome-rates.ts';
import type { Pair, Sample, Side } from '../predictions.ts';

/** A gap between two groups may grow by this much, two points, before it blocks. */
export const MOST_GROWTH = 0.02;

/** Two groups of rows, and how the growth of the gap between them is bounded. */
type GrowthRequest = {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** One-sided error of the bound. */
  readonly alpha: number;
  /** What the draws depend on, and nothing else. */
  readonly seed: string;
};

/** How much wider the challenger's gap between two groups of rows is than the champion's, and at least so much at 1 - alpha. */
export function gapGrowth(
  outcome: GroupOutcome,
  { sample, champion, challenger }: Pair,
  { high, low, alpha, seed }: GrowthRequest,
): { readonly estimate: number; readonly atLeast: number } {
  const rows = Uint32Array.from([...high, ...low]);
  const inHigh = high.length;
  const hits = (side: Side): Uint8Array =>
    Uint8Array.from(rows, (row) => (outcome.happened(row, side) ? 1 : 0));
  const [before, after] = [hits(champion), hits(challenger)];
  const growth = (weights: Uint32Array): number =>
    Math.abs(difference(after, weights, inHigh)) - Math.abs(difference(before, weights, inHigh));
  const values = bootstrap(growth, resamplingOf(rows, inHigh, sample), {
    rows: rows.length,
    resamples: RESAMPLES,
    random: randomStream(seed),
  });
  const place = Math.max(0, Math.floor(alpha * (values.length + 1)) - 1);
  return { estimate: growth(new Uint32Array(rows.length).fill(1)), atLeast: values[place] ?? Number.NaN };
}

function difference(hits: Uint8Array, weights: Uint32Array, inHigh: number): number {
  const high = rateOf(hits.subarray(0, inHigh), weights.subarray(0, inHigh));
  return high - rateOf(hits.subarray(inHigh), weights.subarray(inHigh));
}

function rateOf(hits: Uint8Array, weights: Uint32Array): number {
  let happened = 0;
  let total = 0;
  for (let place = 0; place < hits.length; place += 1) {
    const weight = weights[place] ?? 0;
    happened += weight * (hits[place] ?? 0);
    total += weight;
  }
  return happened / total;
}

function resamplingOf(rows: Uint32Array, inHigh: number, sample: Sample): Resampling {
  const places = Uint32Array.from(rows.keys());
  if (sample.groups === undefined)
    return { kind: 'rows', strata: [places.subarray(0, inHigh), places.subarray(inHigh)] };
  const owners = sample.groups;
  return { kind: 'groups', groups: groupRows(Array.from(rows, (row) => owners[row] ?? '')).rowsOf };
}
