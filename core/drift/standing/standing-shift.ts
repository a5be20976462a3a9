import {
  advanceShiryaevRoberts,
  LOG_START,
  logCalibrate,
} from '../../statistics/sequential/shiryaev-roberts.ts';
import { type BinOrder, compareByPearson, tolerancePValue } from '../compare-histograms.ts';
import { moveWobble, type UsualWobble, wobblePValue } from '../usual/usual-wobble.ts';

/** Unremarkable batches in a row that a mend needs: one more than a weekend has days, so that no weekend is one. */
const UNREMARKABLE_BATCHES = 3;

/** A shift that is told: what its batches look like, and the evidence that it is gone. */
export type StandingShift = {
  /** Rows per bin of the batches that were beyond the warning level, and how many those were: one that is mended by half is no likeness of it. */
  readonly counts: readonly number[];
  readonly batches: number;
  /** Natural logarithm of the evidence that batches no longer look like those. */
  readonly logGone: number;
  /** The last batches in a row that showed no shift. */
  readonly unremarkable: number;
};

/** A closed batch: whether it differs from the reference beyond tolerance and usual days, and beyond the warning level. */
type Batch = {
  readonly counts: readonly number[];
  readonly isOff: boolean;
  readonly isBeyondWarn: boolean;
};

/** What the batches of a shift may differ by among each other, and the evidence, in logs, that says more than that. */
type Limits = {
  readonly feature: BinOrder;
  readonly tolerance: number;
  readonly wobble: UsualWobble | undefined;
  readonly logThreshold: number;
};

/** A shift of which this is the first batch that is told. */
export function startShift(counts: readonly number[]): StandingShift {
  return { counts, batches: 1, logGone: LOG_START, unremarkable: 0 };
}

/**
 * Follows a shift through one more batch; `undefined` once it is shown to be gone. That takes what its beginning took: evidence that
 * batches differ from those that were told, beyond tolerance and usual days, to the same level, and three in a row that don't differ from
 * the reference. A batch that shows neither, for it is small or wandered, ends nothing. One that differs from the shift and is
 * beyond the warning level is another shift, and followed instead.
 *
 * Claim: while a shift stays as it was, all features together are taken for mended once in `falseAlarmSeconds` in the mean, or less often.
 * Assumes: as `tolerancePValue` and `wobblePValue`; a shift moves days by as much as it moved those before it.
 * Reference: as `advanceShiryaevRoberts` and `logCalibrate`, with shift and reference in each other's place.
 * Vector: test/core/drift/standing-shift.test.ts; measure/simulate/year, rows 29 and 30 of docs/decisions.md.
 */
export function followShift(shift: StandingShift, batch: Batch, limits: Limits): StandingShift | undefined {
  const { counts, isOff, isBeyondWarn } = batch;
  const logGone = advanceShiryaevRoberts(shift.logGone, logCalibrate(likenessOf(shift, counts, limits)));
  const isGone = logGone >= limits.logThreshold;
  if (isGone && isBeyondWarn) return startShift(counts);
  const unremarkable = isOff ? 0 : shift.unremarkable + 1;
  if (isGone && unremarkable >= UNREMARKABLE_BATCHES) return undefined;
  if (!isBeyondWarn) return { ...shift, logGone, unremarkable };
  return {
    counts: shift.counts.map((count, bin) => count + (counts[bin] ?? 0)),
    batches: shift.batches + 1,
    ...{ logGone, unremarkable },
  };
}

/** Probability of a batch that differs this much from those of the shift, while it still stands; 1 of what can't be compared. */
function likenessOf(
  { counts, batches }: StandingShift,
  seen: readonly number[],
  { feature, tolerance, wobble }: Limits,
): number {
  const comparison = compareByPearson(counts, seen, feature);
  if (comparison === undefined) return 1;
  const moved = wobble && moveWobble(wobble, { counts, days: batches });
  const beyondUsual = moved === undefined ? 0 : wobblePValue(comparison, seen, moved);
  return Math.max(tolerancePValue(comparison, tolerance), beyondUsual);
}
