import {
  advanceShiryaevRoberts,
  LOG_START,
  logCalibrate,
} from '../statistics/sequential/shiryaev-roberts.ts';
import type { Interval, Verdict } from '../verdict.ts';
import {
  compareHistograms,
  type HistogramComparison,
  indexInterval,
  tolerancePValue,
} from './compare-histograms.ts';
import { type DriftOptions, type Severity, severityOf } from './drift-options.ts';
import type { Batch } from './gather-batches.ts';
import type { JudgedFeature } from './judged-feature.ts';
import { learnWobble, type UsualWobble, wobblePValue } from './usual-wobble.ts';

const INTERVAL_LEVEL = 0.95;
const SHOWN_BINS = 3;

/** Share of deployments with any first batch taken for skew while it is within tolerance or the usual wobble. */
const SKEW_ALPHA = 0.01;

/** A drifting feature is back once a closed batch is this unremarkable. */
const BACK_WITHIN_TOLERANCE = 0.05;

/** `skew`: every batch since deployment has been off, so training saw other data. `drift`: it changed since. */
type ShiftKind = 'skew' | 'drift';

/** An alarm that stands: raised at the end of a batch, and not one batch within tolerance since. */
type Alarm = { readonly kind: ShiftKind; readonly since: string };

/** How far one bin moved, as shares of all rows. */
type MovedBin = { readonly bin: string; readonly reference: number; readonly observed: number };

/** One feature as its last judged batch shows it, with the state its detector has reached. */
export type FeatureJudgement = {
  readonly name: string;
  readonly kind: JudgedFeature['kind'];
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly alarm?: Alarm;
  /** Alarms raised so far, those that no longer stand among them. */
  readonly alarms: number;
  readonly last?: {
    readonly from: string;
    readonly to: string;
    readonly rows: number;
    readonly index: number;
    readonly interval: Interval;
    readonly pValue: number;
  };
  /** The largest index of usual days, when those are known. */
  readonly usualReach?: number;
  readonly isWarmingUp: boolean;
  /** Natural logarithm of the detector's statistic and of the level at which it alarms. */
  readonly logStatistic: number;
  readonly logThreshold: number;
  readonly movedBins: readonly MovedBin[];
  /** Index of each judged batch, oldest first. */
  readonly history: readonly number[];
};

/** What one feature showed in one closed batch. */
type FeatureBatch = Omit<Batch, 'counts'> & { readonly counts: readonly number[] };

/** What a feature is judged by; `features` are judged beside each other and share the false alarms. */
type FeatureOptions = DriftOptions & { readonly features: number };

type Track = {
  readonly logStatistic: number;
  readonly alarm?: Alarm;
  readonly alarms: number;
  readonly isOffFromStart: boolean;
  readonly last?: {
    readonly batch: FeatureBatch;
    readonly comparison: HistogramComparison;
    readonly pValue: number;
  };
  readonly history: readonly number[];
};

/**
 * Follows one feature through all closed batches, from nothing but them.
 *
 * Claim: while nothing drifts beyond the tolerance and the usual wobble, all features together raise one alarm in
 * `falseAlarmSeconds` in the mean, or fewer: each alarms at `features` times the run length.
 * Assumes: as `tolerancePValue` and `wobblePValue`, of which the larger p counts; features may depend on each other in any way.
 * Reference: see `advanceShiryaevRoberts` and `logCalibrate`.
 * Vector: test/core/drift/judge-drift.test.ts; measure/simulate/drift.ts, rows 8 to 10 of docs/decisions.md.
 */
export function judgeFeature(
  feature: JudgedFeature,
  batches: readonly FeatureBatch[],
  options: FeatureOptions,
): FeatureJudgement {
  const averageRunLength = options.falseAlarmSeconds / options.cycleSeconds;
  const limits = { ...options, logThreshold: Math.log(averageRunLength * options.features) };
  const { wobble, learntFrom } = findUsual(feature, batches, options);
  const track = batches.reduce<Track>(
    (before, batch, position) => {
      const comparison = compareHistograms(feature.reference, batch.counts, feature);
      if (comparison === undefined) return before;
      const isLearning = position < learntFrom;
      return stepTrack(before, { batch, comparison, isFirst: position === 0, isLearning, wobble }, limits);
    },
    { logStatistic: LOG_START, alarms: 0, isOffFromStart: false, history: [] },
  );
  return concludeFeature(feature, track, {
    limits,
    wobble,
    isWarmingUp: batches.length < learntFrom,
  });
}

/** The usual wobble, from the profile's days or the first live batches; those it was learnt from are not judged by it. */
function findUsual(
  feature: JudgedFeature,
  batches: readonly FeatureBatch[],
  { warmUpBatches }: DriftOptions,
): { readonly wobble: UsualWobble | undefined; readonly learntFrom: number } {
  const fromProfile = learnWobble(feature.blocks, feature);
  if (fromProfile !== undefined) return { wobble: fromProfile, learntFrom: 0 };
  if (batches.length < warmUpBatches) return { wobble: undefined, learntFrom: warmUpBatches };
  const live = batches.slice(0, warmUpBatches).map(({ counts }) => counts);
  return { wobble: learnWobble(live, feature), learntFrom: warmUpBatches };
}

type Limits = FeatureOptions & { readonly logThreshold: number };

type Step = {
  readonly batch: FeatureBatch;
  readonly comparison: HistogramComparison;
  readonly isFirst: boolean;
  readonly isLearning: boolean;
  readonly wobble: UsualWobble | undefined;
};

function stepTrack(before: Track, step: Step, limits: Limits): Track {
  const { logThreshold } = limits;
  const { batch, comparison, wobble } = step;
  const beyondTolerance = tolerancePValue(comparison, limits.tolerance);
  const beyondUsual = wobble === undefined || step.isLearning ? 0 : wobblePValue(comparison, wobble);
  const pValue = Math.max(beyondTolerance, beyondUsual);
  const isOffFromStart = (step.isFirst || before.isOffFromStart) && beyondTolerance < BACK_WITHIN_TOLERANCE;
  const standing = pValue < BACK_WITHIN_TOLERANCE ? before.alarm : undefined;
  const next = {
    isOffFromStart,
    last: { batch, comparison, pValue },
    history: [...before.history, comparison.debiasedIndex],
  };
  const isSkewed =
    step.isFirst &&
    comparison.debiasedIndex >= limits.warn &&
    logCalibrate(beyondTolerance) >= logThreshold &&
    beyondUsual <= SKEW_ALPHA / limits.features;
  const logStatistic = step.isLearning
    ? LOG_START
    : advanceShiryaevRoberts(before.logStatistic, logCalibrate(pValue));
  if (!isSkewed && logStatistic < logThreshold) {
    return { ...next, ...(standing && { alarm: standing }), alarms: before.alarms, logStatistic };
  }
  const kind: ShiftKind = isOffFromStart ? 'skew' : 'drift';
  return {
    ...next,
    alarm: standing ?? { kind, since: batch.to },
    alarms: before.alarms + (standing === undefined ? 1 : 0),
    logStatistic: LOG_START,
  };
}

function concludeFeature(
  feature: JudgedFeature,
  track: Track,
  context: {
    readonly limits: Limits;
    readonly wobble: UsualWobble | undefined;
    readonly isWarmingUp: boolean;
  },
): FeatureJudgement {
  const { alarm, alarms, last, logStatistic, history } = track;
  const severity = last === undefined ? 'info' : severityOf(last.comparison.debiasedIndex, context.limits);
  const base = {
    name: feature.name,
    kind: feature.kind,
    severity,
    verdict: concludeVerdict(track, severity, context),
    isWarmingUp: context.isWarmingUp,
    alarms,
    logStatistic,
    logThreshold: context.limits.logThreshold,
    history,
    ...(alarm && { alarm }),
    ...(context.wobble && { usualReach: context.wobble.reach }),
  };
  if (last === undefined) return { ...base, movedBins: [] };
  const { batch, comparison, pValue } = last;
  return {
    ...base,
    last: {
      from: batch.from,
      to: batch.to,
      rows: comparison.rows,
      index: comparison.debiasedIndex,
      interval: indexInterval(comparison, INTERVAL_LEVEL),
      pValue,
    },
    movedBins: findMovedBins(feature, batch.counts),
  };
}

function concludeVerdict(
  track: Track,
  severity: Severity,
  { isWarmingUp }: { readonly isWarmingUp: boolean },
): Verdict {
  if (track.last === undefined) return 'inconclusive';
  if (track.alarm !== undefined && severity !== 'info') return 'fail';
  return isWarmingUp ? 'inconclusive' : 'pass';
}

function findMovedBins(feature: JudgedFeature, counts: readonly number[]): readonly MovedBin[] {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [m, n] = [sum(feature.reference), sum(counts)];
  return feature.binNames
    .map((bin, position) => ({
      bin,
      reference: (feature.reference[position] ?? 0) / m,
      observed: (counts[position] ?? 0) / n,
    }))
    .sort((a, b) => Math.abs(b.observed - b.reference) - Math.abs(a.observed - a.reference))
    .slice(0, SHOWN_BINS);
}
