import { type BinOrder, compareByPearson, tolerancePValue } from '../compare-histograms.ts';
import { moveWobble, type UsualWobble, wobblePValue } from '../usual/usual-wobble.ts';

/** Unremarkable batches in a row that a mend needs: one more than a weekend has days, so that no weekend is one. */
const UNREMARKABLE_BATCHES = 3;

/** So many last batches are counted together: the longer, the less they wander, and what no day shows alone, some weeks do. */
const RUNS = [UNREMARKABLE_BATCHES, 6, 12, 24, 48];
const LONGEST_RUN = Math.max(...RUNS);

/** From so many on, batches that together are like the reference, and unlike the shift, are no shift either, however alike both are. */
const WEEKS = 24;
const LIKE = 0.05;
const UNLIKE = 0.01;

/** The tails of what so few usual days show are known roughly: evidence is asked for that would do for so many times as few false ends. */
const ROUGHLY = 4;

/** What a shift looks like is known from its first batches, and not from what comes later: that may be what is left of it. */
const MOST_SHOWN = 28;

/** Rows per bin of one batch. */
type Counts = readonly number[];

/** Rows per bin of days that are counted together, and how many those are. */
type Days = { readonly counts: Counts; readonly days: number };

/** A shift that is told. */
export type StandingShift = {
  /** The first of its batches: but for those that differed from the reference, and by less than the warning level; they are no likeness of it. */
  readonly shown: readonly { readonly counts: Counts; readonly position: number }[];
  /** The last batches, oldest first, and how many there were. */
  readonly last: readonly Counts[];
  readonly batches: number;
  /** The last batches in a row that differed from the reference by no more than usual days do. */
  readonly unremarkable: number;
};

/**
 * A closed batch: whether it differs from the reference beyond tolerance and usual days, and beyond the warning level, and whether drift is
 * found by it anew.
 */
type Batch = {
  readonly counts: Counts;
  readonly isOff: boolean;
  readonly isBeyondWarn: boolean;
  readonly isRaised: boolean;
};

/** What the batches of a shift may differ by among each other, and the evidence, in logs, that says more than that. */
type Limits = {
  readonly feature: BinOrder & { readonly reference: Counts };
  readonly tolerance: number;
  readonly wobble: UsualWobble | undefined;
  readonly logThreshold: number;
};

/** A shift of which this is the first batch that is told. */
export function startShift(counts: Counts): StandingShift {
  return { shown: [{ counts, position: 0 }], last: [counts], batches: 1, unremarkable: 0 };
}

/**
 * Follows a shift through one more batch; `undefined` once it is shown to be gone. That takes three batches in a row that don't differ from
 * the reference beyond usual days, and that the last 3, 6, 12, 24 or 48 batches, counted together, differ from those before them, of which
 * the first 28 are kept, beyond tolerance and usual days. From 24 on it is enough that they are unlike those and like the reference. Where
 * drift is found anew, by a batch beyond the warning level, and they differ so, that is another shift, and followed instead.
 *
 * Claim: while a shift stays as it was, all features together are taken for mended about once in `falseAlarmSeconds` in the mean, or less
 * often: by A, the batches between two false alarms of a feature, the last 3 may differ by chance with a probability of 1 / 8A, the last 6 of
 * 1 / 16A, and so on, and by what is measured that is wrong by a factor of four at most.
 * Assumes: as `tolerancePValue` and `moveWobble`: days of a shift that are more alike than the usual ones seemed to be are taken for mended
 * ten times as often. A shift that 24 days together don't tell from the reference is none.
 * Reference: the union bound (Bonferroni) over the lengths.
 * Vector: test/core/drift/standing-shift.test.ts, test/core/drift/mended-where-days-wander.test.ts; measure/simulate/year, rows 29 and 30 of
 * docs/decisions.md.
 */
export function followShift(shift: StandingShift, batch: Batch, limits: Limits): StandingShift | undefined {
  const { counts, isOff, isBeyondWarn, isRaised } = batch;
  const last = [...shift.last, counts].slice(-LONGEST_RUN);
  const isKnown = (isOff && !isBeyondWarn) || shift.shown.length >= MOST_SHOWN;
  const after = {
    shown: isKnown ? shift.shown : [...shift.shown, { counts, position: shift.batches }],
    last,
    batches: shift.batches + 1,
    unremarkable: isOff ? 0 : shift.unremarkable + 1,
  };
  const mayStartAnew = isBeyondWarn && isRaised;
  if (!mayStartAnew && after.unremarkable < UNREMARKABLE_BATCHES) return after;
  if (!isGone(after, limits)) return after;
  return mayStartAnew ? startShift(counts) : undefined;
}

function isGone({ shown, last, batches }: StandingShift, limits: Limits): boolean {
  return RUNS.some((run, index) => {
    const before = shown.filter(({ position }) => position < batches - run).map(({ counts }) => counts);
    if (before.length === 0) return false;
    const later = addDays(last.slice(-run));
    const likeness = likenessOf(addDays(before), later, limits);
    const most = -limits.logThreshold - Math.log(ROUGHLY) - (index + 1) * Math.LN2;
    if (Math.log(likeness) <= most) return true;
    return run >= WEEKS && likeness <= UNLIKE && likenessOf(referenceOf(limits), later, limits) >= LIKE;
  });
}

function referenceOf({ feature, wobble }: Limits): Days {
  return { counts: feature.reference, days: wobble?.blocks ?? 1 };
}

/** Probability of days that differ this much from others, while they are alike; 1 of what can't be compared. */
function likenessOf(known: Days, later: Days, { feature, tolerance, wobble }: Limits): number {
  const comparison = compareByPearson(known.counts, later.counts, feature);
  if (comparison === undefined) return 1;
  const moved = wobble && moveWobble(wobble, known, later.days);
  const beyondUsual = moved === undefined ? 0 : wobblePValue(comparison, later.counts, moved);
  return Math.max(tolerancePValue(comparison, tolerance), beyondUsual);
}

function addDays(batches: readonly Counts[]): Days {
  const counts = (batches[0] ?? []).map((_, bin) => batches.reduce((sum, one) => sum + (one[bin] ?? 0), 0));
  return { counts, days: batches.length };
}
