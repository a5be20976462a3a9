import { fSurvival } from '../../statistics/distributions/f-distribution.ts';
import { studentSurvival } from '../../statistics/distributions/student-t.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import { type BinOrder, compareByPearson, type PearsonComparison } from '../compare-histograms.ts';

/** Fewer blocks than this say too little about how much usual days differ. */
const MIN_BLOCKS = 14;

/** A bin of fewer rows a day than this is too uneven to be judged by itself. */
const MIN_ROWS_A_DAY = 10;
/** The share of the probability of a false alarm that the bins have; the sum of all has the rest. */
const BINS_SHARE = 0.1;
/** However alike days are, they are taken for no more alike than this, and for no fewer than so many. */
const MOST_ALIKE = 0.9;
const FEWEST_DAYS = 3;

/** How much usual days differ from all days together, in units of the index. */
export type UsualWobble = {
  readonly blocks: number;
  /** Mean of the blocks' indices, at least 0, and the variance between days beyond chance. */
  readonly mean: number;
  readonly variance: number;
  /** The largest index a block had. */
  readonly reach: number;
  /** How the share of each bin is spread over days; those of too few rows are left out. */
  readonly bins: readonly UsualBin[];
};

/** Mean and variance over days of the angle of a bin's share, asin(sqrt(share)), and the rows a day that they are of. */
type UsualBin = {
  readonly bin: number;
  readonly mean: number;
  readonly variance: number;
  /** As many independent days would say as much: one day is like the next. */
  readonly days: number;
  readonly rows: number;
};

/**
 * Learns the usual wobble from blocks (days) of reference counts, each compared with all the others. `undefined` when too
 * few blocks can be compared.
 *
 * Claim: the mean and the variance of the index between days, beyond what chance alone gives them.
 * Assumes: days differ from each other as they will differ; a day depends little on the one before. The variance is taken for no
 * smaller than twice the squared mean, which a single wandering mean would give.
 * Reference: none; a moment estimate. Held to its promise by measure/simulate/drift.ts, rows 9, 10 and 27 of docs/decisions.md.
 * Vector: test/core/drift/compare-histograms.test.ts.
 */
export function learnWobble(
  blocks: readonly (readonly number[])[],
  order: BinOrder,
): UsualWobble | undefined {
  const first = blocks[0];
  if (first === undefined) return undefined;
  const total = first.map((_, bin) => blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0));
  const comparisons = blocks.flatMap((block) => {
    const rest = total.map((count, bin) => count - (block[bin] ?? 0));
    return compareByPearson(rest, block, order) ?? [];
  });
  if (comparisons.length < MIN_BLOCKS) return undefined;
  const indices = comparisons.map(unbiasedIndex);
  const average = meanOf(indices);
  const mean = Math.max(0, average);
  const spread = indices.reduce((sum, index) => sum + (index - average) ** 2, 0) / (indices.length - 1);
  const chance = meanOf(
    comparisons.map(
      ({ degreesOfFreedom, effectiveRows }) =>
        (2 * degreesOfFreedom + 4 * effectiveRows * mean) / effectiveRows ** 2,
    ),
  );
  return {
    blocks: comparisons.length,
    mean,
    variance: Math.max(2 * mean ** 2, spread - chance),
    reach: Math.max(0, ...indices),
    bins: learnBins(blocks),
  };
}

function learnBins(blocks: readonly (readonly number[])[]): readonly UsualBin[] {
  const days = blocks.map((counts) => ({ counts, rows: sumOf(counts) })).filter(({ rows }) => rows > 0);
  const rows = meanOf(days.map((day) => day.rows));
  return (days[0]?.counts ?? []).flatMap((_, bin) => {
    if (meanOf(days.map(({ counts }) => counts[bin] ?? 0)) < MIN_ROWS_A_DAY) return [];
    const angles = days.map((day) => angleOf((day.counts[bin] ?? 0) / day.rows));
    const mean = meanOf(angles);
    const apart = angles.map((angle) => angle - mean);
    const spread = sumOf(apart.map((one) => one ** 2)) / (angles.length - 1);
    // Days that were more even than chance makes them were lucky.
    return [{ bin, mean, variance: Math.max(spread, chanceOf(rows)), days: independentDays(apart), rows }];
  });
}

/**
 * Probability of a day this unusual on a usual day: of an X² this large, or of a bin that differs this much from what it holds on usual days.
 * A shift moves the same bins each day, which shows long before the sum of all bins is unusual.
 *
 * Claim: at most about alpha with probability alpha, over usual days.
 * Assumes: the moments of so few days are enough; angles of shares are about normal over days. Checked on days whose mean wanders by a
 * normal, and on 189 real ones.
 * Reference: for X², Satterthwaite, "An approximate distribution of estimates of variance components" (Biometrics Bulletin, 1946), by
 * which a scaled chi-square is matched to a mean and a variance; the F allows for both being estimated. For bins, Student's prediction of
 * one more value, each with its share of the probability (Bonferroni); the angle makes their variance even (Bartlett, "The use of
 * transformations", Biometrics, 1947).
 * Vector: as `learnWobble`.
 */
export function wobblePValue(
  comparison: PearsonComparison,
  counts: readonly number[],
  wobble: UsualWobble,
): number {
  return Math.min(
    1,
    sumPValue(comparison, wobble) / (1 - BINS_SHARE),
    binPValue(counts, wobble) / BINS_SHARE,
  );
}

/**
 * How much `together` days that are counted together differ from so many `days` of a shift, counted together too, while it stands: as usual
 * days do, about what those held, and the less the more days both are. Days that are like those before them count for fewer.
 *
 * Claim: `wobblePValue` of the comparison with those days is at most about alpha with probability alpha, over later days of the shift.
 * Assumes: as `wobblePValue`; shifted days wander as usual ones do, in the angle of each bin's share, and each day is like the one before by
 * no more than the usual ones say, which few days say too little of.
 * Reference: as `wobblePValue`; the variance of a mean of days that follow each other by Bayley & Hammersley, "The 'effective' number of
 * independent observations in an autocorrelated time series" (Supplement to the JRSS, 1946).
 * Vector: test/core/drift/standing-shift.test.ts.
 */
export function moveWobble(
  wobble: UsualWobble,
  { counts, days }: { readonly counts: readonly number[]; readonly days: number },
  together: number,
): UsualWobble {
  const rows = sumOf(counts);
  const apart = (independent: number) => shareLeft(days * independent) + shareLeft(together * independent);
  const bins = wobble.bins.map((usual) => ({
    ...usual,
    mean: angleOf((counts[usual.bin] ?? 0) / rows),
    variance: usual.variance * apart(usual.days / wobble.blocks),
    rows: usual.rows * together,
  }));
  const more = apart(
    wobble.bins.length === 0 ? 1 : meanOf(wobble.bins.map((usual) => usual.days / wobble.blocks)),
  );
  return { ...wobble, mean: wobble.mean * more, variance: wobble.variance * more ** 2, bins };
}

/** What is left of the variance of one day in the mean of so many independent ones. */
function shareLeft(days: number): number {
  return 1 / Math.max(1, days);
}

function binPValue(counts: readonly number[], { bins }: UsualWobble): number {
  const rows = sumOf(counts);
  if (rows === 0 || bins.length === 0) return 1;
  let least = { p: 1, distance: 0, freedom: 0 };
  for (const usual of bins) {
    // A day of fewer rows than those is less even by chance alone.
    const more = Math.max(0, chanceOf(rows) - chanceOf(usual.rows));
    const deviation = Math.sqrt(usual.variance * (1 + 1 / usual.days) + more);
    const distance = Math.abs(angleOf((counts[usual.bin] ?? 0) / rows) - usual.mean) / deviation;
    const freedom = usual.days - 1;
    // What is nearer and of which less is known is no less probable: most bins need no survival function.
    if (distance <= least.distance && freedom <= least.freedom) continue;
    const p = studentSurvival(distance, freedom);
    if (p < least.p) least = { p, distance, freedom };
  }
  return Math.min(1, 2 * bins.length * least.p);
}

function sumPValue(comparison: PearsonComparison, wobble: UsualWobble): number {
  const { chiSquare, degreesOfFreedom: df, effectiveRows } = comparison;
  const mean = df + effectiveRows * wobble.mean;
  const variance = 2 * df + 4 * effectiveRows * wobble.mean + effectiveRows ** 2 * wobble.variance;
  const freedom = Math.min(df, Math.max(1, (2 * mean ** 2) / variance));
  return fSurvival(chiSquare / mean, freedom, wobble.blocks * freedom);
}

function unbiasedIndex({ chiSquare, degreesOfFreedom, effectiveRows }: PearsonComparison): number {
  return (chiSquare - degreesOfFreedom) / effectiveRows;
}

/** How many independent values say as much as these deviations from their mean, of which each is like the one before by so much. */
function independentDays(apart: readonly number[]): number {
  const squares = sumOf(apart.map((one) => one ** 2));
  const neighbours = sumOf(apart.slice(1).map((one, before) => one * (apart[before] ?? 0)));
  const alike = squares > 0 ? Math.min(MOST_ALIKE, Math.max(0, neighbours / squares)) : 0;
  return Math.max(FEWEST_DAYS, (apart.length * (1 - alike)) / (1 + alike));
}

/** The variance that chance gives to the angle of a share of so many rows, whatever the share. */
function chanceOf(rows: number): number {
  return 1 / (4 * rows);
}

function angleOf(share: number): number {
  return Math.asin(Math.sqrt(Math.min(1, share)));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
