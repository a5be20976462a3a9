import { bootstrap, type Resampling } from '../../statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../statistics/random/random-stream.ts';
import { RESAMPLES } from '../comparison/bootstrap.ts';
import { groupRows } from '../comparison/group-rows.ts';
import type { Outcome } from '../metrics/outcome-rates.ts';
import type { Sample, Side } from '../predictions.ts';

/** A gap between two groups may grow by this much, two points, before it blocks. */
export const MOST_GROWTH = 0.02;

/** How much wider the challenger's gap between two groups of rows is than the champion's, and at least so much at 1 - alpha. */
export function gapGrowth(
  outcome: Outcome,
  sample: Sample,
  sides: { readonly champion: Side; readonly challenger: Side },
  groups: { readonly high: Uint32Array; readonly low: Uint32Array },
  alpha: number,
  seed: string,
): { readonly estimate: number; readonly atLeast: number } {
  const rows = Uint32Array.from([...groups.high, ...groups.low]);
  const inHigh = groups.high.length;
  const hits = (side: Side): Uint8Array =>
    Uint8Array.from(rows, (row) => (outcome.happened(row, side) ? 1 : 0));
  const champion = hits(sides.champion);
  const challenger = hits(sides.challenger);
  const growth = (weights: Uint32Array): number =>
    Math.abs(difference(challenger, weights, inHigh)) - Math.abs(difference(champion, weights, inHigh));
  const values = bootstrap(
    rows.length,
    resamplingOf(rows, inHigh, sample),
    growth,
    RESAMPLES,
    randomStream(seed),
  );
  const place = Math.max(0, Math.floor(alpha * (values.length + 1)) - 1);
  return { estimate: growth(new Uint32Array(rows.length).fill(1)), atLeast: values[place] ?? Number.NaN };
}

function difference(hits: Uint8Array, weights: Uint32Array, inHigh: number): number {
  return rateOf(hits, weights, 0, inHigh) - rateOf(hits, weights, inHigh, hits.length);
}

function rateOf(hits: Uint8Array, weights: Uint32Array, from: number, to: number): number {
  let happened = 0;
  let total = 0;
  for (let place = from; place < to; place += 1) {
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
