import { type BinomialDraws, binomialDraws } from './binomial-draws.ts';
import type { RandomStream } from './random-stream.ts';

const TWO_TO_32 = 4294967296;

/** Rows of one stratum that nothing the statistic looks at tells apart are kept once: row `rows[i]` stands for `times[i]` of them. */
export type AlikeRows = { readonly rows: Uint32Array; readonly times: Uint32Array };

/**
 * How rows may be drawn again: each stratum keeps its size (rows of one class), drawn row by row or, where many rows are alike, by how often
 * each kind is drawn; or whole groups are drawn (rows of one user or patient belong together). Row numbers are 0-based; the lists
 * together hold every row once.
 */
export type Resampling =
  | { readonly kind: 'rows'; readonly strata: readonly Uint32Array[] }
  | { readonly kind: 'alike'; readonly strata: readonly AlikeRows[] }
  | { readonly kind: 'groups'; readonly groups: readonly Uint32Array[] };

/** A statistic of the weighted rows; `weights[row]` is how often the row was drawn. */
export type WeightedStatistic = (weights: Uint32Array) => number;

/** How many rows there are, how often they are drawn anew, and by which numbers. */
type BootstrapRequest = {
  readonly rows: number;
  readonly resamples: number;
  readonly random: RandomStream;
};

/**
 * `resamples` values of `statistic`, each on rows drawn with replacement, in increasing order. A statistic that looks at two models
 * sees the same rows of both, which is what makes the bootstrap paired. Values that are not finite are kept at the front as -Infinity:
 * they count as harm, never as evidence of safety.
 *
 * Claim: the alpha and 1 - alpha points of the values are bounds of about that confidence each.
 * Assumes: what is drawn (rows, or groups of rows) is independent, and these rows hold every kind of row that matters: harm that is
 * rare and absent here is absent from every draw.
 * Reference: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13 (percentile bounds) and ch. 8 (strata).
 * Vector: test/core/statistics/random-stream.test.ts (the spread of a mean); the error of the gate's use of it by
 * measure/simulate/gate-rows/bootstrap.ts.
 */
export function bootstrap(
  statistic: WeightedStatistic,
  resampling: Resampling,
  { rows, resamples, random }: BootstrapRequest,
): Float64Array {
  const weights = new Uint32Array(rows);
  const values = new Float64Array(resamples);
  const draw = drawerOf(resampling, random);
  for (let resample = 0; resample < resamples; resample += 1) {
    weights.fill(0);
    draw(weights);
    const value = statistic(weights);
    values[resample] = Number.isFinite(value) ? value : Number.NEGATIVE_INFINITY;
  }
  return values.sort();
}

/**
 * p of H0 "the true value is at most `limit`" from sorted bootstrap values: (1 + #{value <= limit}) / (R + 1).
 *
 * Claim: never 0; the smallest p that R draws can give is 1 / (R + 1), which bounds how many tests can share one error.
 * Reference: Davison & Hinkley, "Bootstrap Methods and their Application" (1997), section 4.2.
 * Vector: test/core/statistics/random-stream.test.ts.
 */
export function bootstrapP(sorted: Float64Array, limit: number): number {
  return (1 + countAtMost(sorted, limit)) / (sorted.length + 1);
}

/** Adds to `weights`, which are all 0, how often each row is drawn. */
type Drawer = (weights: Uint32Array) => void;

function drawerOf(resampling: Resampling, random: RandomStream): Drawer {
  switch (resampling.kind) {
    case 'rows':
      return drawerOfRows(resampling.strata, random);
    case 'alike':
      return drawerOfAlikeRows(resampling.strata, random);
    case 'groups':
      return drawerOfGroups(resampling.groups, random);
  }
}

function drawerOfRows(strata: readonly Uint32Array[], random: RandomStream): Drawer {
  const largest = strata.reduce((size, stratum) => Math.max(size, stratum.length), 0);
  const words = new Uint32Array(largest);
  return (weights) => {
    for (const stratum of strata) {
      const size = stratum.length;
      random.fill(words.subarray(0, size));
      const scale = size / TWO_TO_32;
      for (let draw = 0; draw < size; draw += 1) {
        const row = stratum[((words[draw] ?? 0) * scale) >>> 0] ?? 0;
        weights[row] = (weights[row] ?? 0) + 1;
      }
    }
  };
}

/** Multinomial counts, one conditional binomial after the other. */
function drawerOfAlikeRows(strata: readonly AlikeRows[], random: RandomStream): Drawer {
  const sized = strata.map((stratum) => ({
    ...stratum,
    size: stratum.times.reduce((sum, count) => sum + count, 0),
  }));
  const drawBinomial = binomialDraws(Math.max(0, ...sized.map(({ size }) => size)), random);
  return (weights) => {
    for (const stratum of sized) drawStratum(stratum, weights, drawBinomial);
  };
}

type SizedStratum = AlikeRows & { readonly size: number };

function drawStratum({ rows, times, size }: SizedStratum, weights: Uint32Array, draw: BinomialDraws): void {
  let toDraw = size;
  let others = size;
  for (let kind = 0; kind < rows.length; kind += 1) {
    const count = times[kind] ?? 0;
    const drawn = draw(toDraw, count / others);
    weights[rows[kind] ?? 0] = drawn;
    toDraw -= drawn;
    others -= count;
  }
}

function drawerOfGroups(groups: readonly Uint32Array[], random: RandomStream): Drawer {
  return (weights) => {
    for (let draw = 0; draw < groups.length; draw += 1) {
      const rows = groups[random.below(groups.length)];
      if (rows === undefined) continue;
      for (const row of rows) weights[row] = (weights[row] ?? 0) + 1;
    }
  };
}

function countAtMost(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
