import { isBefore } from '../../instant.ts';
import { normalQuantile } from '../../statistics/distributions/normal.ts';
import {
  addResiduals,
  logMean,
  type Residual,
  type ResidualDetector,
  startResidualDetector,
} from '../../statistics/sequential/shiryaev-roberts.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { ConfidenceBins } from '../profile.ts';

/** Labels of one stretch of time by confidence bin, and how many of those were right. */
type Cohort = {
  readonly from: string;
  readonly to: string;
  readonly labelled: readonly number[];
  readonly correct: readonly number[];
};

/** By how much answers may be right less often than promised, the labels between two false alarms in the mean, and when it is. */
type Allowed = { readonly tolerance: number; readonly averageRunLength: number; readonly now: string };

/** Finished cohorts in a row that a mend needs to keep the promise: one more than a weekend has days, so that no weekend is one. */
const KEPT_COHORTS = 3;

/** Standard errors by which one cohort in twenty falls short of a promise that is kept. */
const BY_CHANCE = normalQuantile(0.95);

/** An alarm that stands: the evidence that it is over, how much less often answers may be right then, and the last cohorts that kept the promise. */
type Standing = {
  readonly since: string;
  readonly mended: ResidualDetector;
  readonly mostLess: number;
  readonly kept: number;
};

/** The variance is what the promise gives to it. */
type PromisedResidual = Residual & { readonly variance: number };

type Shortfall = { readonly beyond: number; readonly labels: number };
const NOTHING_FOUND: Shortfall = { beyond: 0, labels: 0 };

/**
 * When the alarm began that stands. It ends as it began, by evidence to the same level: that answers are right more often than midway
 * between the promise and what was found, or than the tolerance allows where that is less strict. A cohort that is not over may raise it,
 * but ends none.
 *
 * Claim: answers that stay as bad as was found are taken for mended once in `averageRunLength` labels in the mean, or less often.
 * Assumes: as `addResiduals`, with right and wrong in each other's place; answers fell
 * short of what the tolerance allows by no less than half of what was found.
 * Reference: as `addResiduals`; the beginning by Page, "Continuous inspection schemes" (Biometrika, 1954).
 * Vector: test/core/drift/accuracy.test.ts.
 */
export function findLabelAlarm(
  bins: ConfidenceBins,
  cohorts: readonly Cohort[],
  { tolerance, averageRunLength, now }: Allowed,
): string | undefined {
  const isEnough = (reached: ResidualDetector) => logMean(reached) >= Math.log(averageRunLength);
  let detector = startResidualDetector();
  let found = NOTHING_FOUND;
  let alarm: Standing | undefined;
  for (const cohort of cohorts) {
    const residuals = listResiduals(bins, cohort);
    if (alarm !== undefined && !isBefore(now, cohort.to)) {
      const better = residuals.map(({ residual, count }) => ({ residual: -residual, count }));
      const mended = addResiduals(alarm.mended, better, -alarm.mostLess);
      const kept = isKept(residuals, tolerance) ? alarm.kept + 1 : 0;
      alarm = isEnough(mended) && kept >= KEPT_COHORTS ? undefined : { ...alarm, mended, kept };
    }
    detector = addResiduals(detector, residuals, tolerance);
    found = addShortfall(found, residuals, tolerance);
    if (!isEnough(detector)) continue;
    alarm ??= {
      since: cohort.from,
      mended: startResidualDetector(),
      mostLess: tolerance + shortfallOf(found) / 2,
      kept: 0,
    };
    detector = startResidualDetector();
  }
  return alarm?.since;
}

/** By how much more than the tolerance answers fell short. Evidence that just outweighs what is usual may leave none of it. */
function shortfallOf({ beyond, labels }: Shortfall): number {
  return labels > 0 ? beyond / labels : 0;
}

/** Whether answers were right as often as promised, less the tolerance, but for chance; of no labels, nothing is known. */
function isKept(residuals: readonly PromisedResidual[], tolerance: number): boolean {
  const beyond = sumBeyond(residuals, tolerance);
  const variance = sumOf(residuals.map(({ variance: one, count }) => one * count));
  return beyond >= -BY_CHANCE * Math.sqrt(variance);
}

/** Page's sum: what answers fell short of the promise by, beyond the tolerance, since they seem to have begun to. */
function addShortfall(found: Shortfall, residuals: readonly Residual[], tolerance: number): Shortfall {
  const labels = found.labels + sumOf(residuals.map(({ count }) => count));
  const beyond = found.beyond - sumBeyond(residuals, tolerance);
  return beyond > 0 ? { beyond, labels } : NOTHING_FOUND;
}

/** By how much answers were right more often than the promise less the tolerance, summed over labels. */
function sumBeyond(residuals: readonly Residual[], tolerance: number): number {
  return sumOf(residuals.map(({ residual, count }) => (residual + tolerance) * count));
}

function listResiduals(bins: ConfidenceBins, { labelled, correct }: Cohort): readonly PromisedResidual[] {
  return bins.total.flatMap((total, bin) => {
    if (total === 0) return [];
    const promised = (bins.correct[bin] ?? 0) / total;
    const right = correct[bin] ?? 0;
    const variance = promised * (1 - promised);
    return [
      { residual: 1 - promised, count: right, variance },
      { residual: -promised, count: (labelled[bin] ?? 0) - right, variance },
    ];
  });
}
