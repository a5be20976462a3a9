import {
  advanceShiryaevRoberts,
  LOG_START,
  logCalibrate,
} from '../statistics/sequential/shiryaev-roberts.ts';
import type { Interval, Verdict } from '../verdict.ts';
import { type Contribution, contributionOf } from './accuracy/contribution.ts';
import { compareHistograms, type HistogramComparison, tolerancePValue } from './compare-histograms.ts';
import { type DriftOptions, type Severity, severityOf } from './drift-options.ts';
import type { Batch } from './gather-batches.ts';
import type { JudgedFeature } from './judged-feature.ts';
import { indexInterval } from './stability-index.ts';
import { followShift, type StandingShift, startShift } from './standing/standing-shift.ts';
import { learnUsual, startUsual, type Usual } from './usual/learn-usual.ts';
import { wobblePValue } from './usual/usual-wobble.ts';

const INTERVAL_LEVEL = 0.95;
const SHOWN_BINS = 3;

/** Share of deployments with any first batch taken for skew while it is within tolerance or the usual wobble. */
const SKEW_ALPHA = 0.01;

/** A closed batch this unremarkable shows no shift; it ends an alarm that was never told. */
const BACK_WITHIN_TOLERANCE = 0.05;

/** `skew`: every batch since deployment has been off, so training saw other data. `drift`: it changed since. */
type ShiftKind = 'skew' | 'drift';

/** An alarm that stands: raised at the end of a batch. Once told, it ends by evidence that the shift is gone (`followShift`). */
type Alarm = { readonly kind: ShiftKind; readonly since: string };

/** One judged batch as a point of a history: when it was, its rows, and its index less what chance adds to it. */
type JudgedBatch = {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly index: number;
};

/** Rows per bin of the reference and of the last judged batch, and what each bin holds, in words. */
export type ComparedBins = {
  readonly names: readonly string[];
  readonly reference: readonly number[];
  readonly observed: readonly number[];
};

/** How far one bin moved, as shares of all rows. */
type MovedBin = { readonly bin: string; readonly reference: number; readonly observed: number };

/** One feature as its last judged batch shows it, with the state its detector has reached. */
export type FeatureJudgement = {
  readonly name: string;
  readonly kind: JudgedFeature['kind'];
  /** What people call it, where it has no name of theirs. */
  readonly said?: string;
  /** Absent where it is the values of an input, or the prediction. */
  readonly derived?: JudgedFeature['derived'];
  /** The columns that it watches together. */
  readonly columns?: readonly string[];
  /** What has drifted by itself, and moves it too: it began with that, or before. */
  readonly movedWith?: readonly string[];
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly alarm?: Alarm;
  /** So many last batches in a row don't show the shift that is told, and are not enough to end it; absent where the last one does. */
  readonly unseen?: number;
  /** Alarms raised so far, those that no longer stand among them. */
  readonly alarms: number;
  /** When alarms began that were told and are over; absent where none is. */
  readonly over?: readonly string[];
  readonly last?: JudgedBatch & { readonly interval: Interval; readonly pValue: number };
  /** The largest index of usual days, when those are known. */
  readonly usualReach?: number;
  readonly isWarmingUp: boolean;
  /** Natural logarithm of the detector's statistic and of the level at which it alarms. */
  readonly logStatistic: number;
  readonly logThreshold: number;
  readonly movedBins: readonly MovedBin[];
  /** What the shift alone, as the last judged batch shows it, does to accuracy; absent where the profile does not say. */
  readonly contribution?: Contribution;
  /** Absent before the first judged batch. */
  readonly bins?: ComparedBins;
  /** Each judged batch, oldest first. */
  readonly history: readonly JudgedBatch[];
};

/** What one feature showed in one closed batch. */
type FeatureBatch = Omit<Batch, 'counts'> & { readonly counts: readonly number[] };

/** A batch that could be compared with the reference. */
type ComparedBatch = { readonly batch: FeatureBatch; readonly comparison: HistogramComparison };

/** What one feature is judged by; so many `features` are judged beside each other and share the false alarms. */
type FeatureLimits = DriftOptions & { readonly feature: JudgedFeature; readonly features: number };

/** How far a feature was followed: all that its later batches are judged by, and what was seen in those before. */
export type Track = {
  readonly logStatistic: number;
  readonly alarm?: Alarm;
  /** The shift that is told: a batch was beyond the warning level while the alarm stood. Told until that ends, and not by turns. */
  readonly told?: StandingShift;
  readonly alarms: number;
  /** When alarms began that were told and are over. */
  readonly over: readonly string[];
  readonly isOffFromStart: boolean;
  readonly last?: ComparedBatch & { readonly pValue: number };
  readonly history: readonly JudgedBatch[];
  readonly usual: Usual;
};

/** A feature of which no batch was seen yet. */
export function startTrack(feature: JudgedFeature, { warmUpBatches }: DriftOptions): Track {
  return {
    ...{ logStatistic: LOG_START, alarms: 0, over: [], isOffFromStart: true, history: [] },
    usual: startUsual(feature, warmUpBatches),
  };
}

/**
 * Follows one feature through one more closed batch, from nothing but it and what was followed before. A batch that can't be compared
 * changes nothing.
 *
 * Claim: while nothing drifts beyond the tolerance and the usual wobble, all features together raise one alarm in
 * `falseAlarmSeconds` in the mean, or fewer: each alarms at `features` times the run length. Until the wobble is known, an alarm needs a
 * shift beyond the tolerance alone, and is told where it is beyond what no usual day should reach (`unusualFrom`).
 * Assumes: as `tolerancePValue` and `wobblePValue`, of which the larger p counts; features may depend on each other in any way.
 * Reference: see `advanceShiryaevRoberts` and `logCalibrate`.
 * Vector: test/core/drift/judge-drift.test.ts; measure/simulate/drift.ts, rows 8 to 10 and 24 of docs/decisions.md.
 */
export function followFeature(track: Track, batch: FeatureBatch, limits: FeatureLimits): Track {
  const comparison = compareHistograms(limits.feature.reference, batch.counts, limits.feature);
  return comparison === undefined ? track : stepTrack(track, { batch, comparison }, limits);
}

/** Natural logarithm of the level at which each detector alarms. */
function logThresholdOf({ falseAlarmSeconds, cycleSeconds, features }: FeatureLimits): number {
  return Math.log((falseAlarmSeconds / cycleSeconds) * features);
}

function stepTrack(before: Track, { batch, comparison }: ComparedBatch, limits: FeatureLimits): Track {
  const { tolerance, features } = limits;
  const logThreshold = logThresholdOf(limits);
  const { wobble } = before.usual;
  const beyondTolerance = tolerancePValue(comparison, tolerance);
  const beyondUsual = wobble === undefined ? 0 : wobblePValue(comparison, batch.counts, wobble);
  const pValue = Math.max(beyondTolerance, beyondUsual);
  const isOffFromStart = before.isOffFromStart && beyondTolerance < BACK_WITHIN_TOLERANCE;
  const isBeyondWarn = comparison.index.debiased >= unusualFrom(before, limits);
  const isSkewed =
    before.last === undefined &&
    isBeyondWarn &&
    logCalibrate(beyondTolerance) >= logThreshold &&
    beyondUsual <= SKEW_ALPHA / features;
  const logStatistic = advanceShiryaevRoberts(before.logStatistic, logCalibrate(pValue));
  const isRaised = isSkewed || logStatistic >= logThreshold;
  const day = { counts: batch.counts, isOff: pValue < BACK_WITHIN_TOLERANCE, isBeyondWarn, isRaised };
  const ongoing = before.told && followShift(before.told, day, { ...limits, logThreshold, wobble });
  const stands = before.told === undefined ? day.isOff : ongoing !== undefined;
  const standing = stands ? before.alarm : undefined;
  const kind: ShiftKind = isOffFromStart ? 'skew' : 'drift';
  const alarm = standing ?? (isRaised ? { kind, since: batch.to } : undefined);
  const begins = alarm !== undefined && isBeyondWarn ? startShift(batch.counts) : undefined;
  const told = ongoing ?? begins;
  const usual = learn(before.usual, batch.counts, { limits, isOff: isBeyondWarn || told !== undefined });
  // What was gathered without the wobble, or of a shift that is over, is no evidence against days that are usual.
  const isOver = before.told !== undefined && told === undefined;
  const isSpent = isOver || (before.usual.isLearning && !usual.isLearning);
  return {
    ...{ isOffFromStart, usual },
    ...(alarm && { alarm }),
    ...(told && { told }),
    alarms: before.alarms + (alarm !== undefined && standing === undefined ? 1 : 0),
    over: isOver && before.alarm ? [...before.over, before.alarm.since] : before.over,
    logStatistic: isRaised || isSpent ? LOG_START : logStatistic,
    last: { batch, comparison, pValue },
    history: [...before.history, historyOf({ batch, comparison })],
  };
}

/**
 * The index that no usual day should reach. Columns that wander each alone move what watches them together, of which the reference varies
 * less, by more than themselves, and a slice has so few live rows that chance alone reaches `warn`: until it is known by how much, only what
 * asks for something to be done is told there.
 */
function unusualFrom({ usual }: Track, { warn, act, feature }: FeatureLimits): number {
  return usual.isLearning && feature.derived !== undefined ? act : warn;
}

function historyOf({ batch: { from, to }, comparison }: ComparedBatch): JudgedBatch {
  return { from, to, rows: comparison.rows, index: comparison.index.debiased };
}

/**
 * Without days of the profile the usual wobble is learnt from the first live batches that were not off: what is beyond `warn`, or of a
 * shift that was and has not ended, is a finding and never learnt as usual.
 */
function learn(
  usual: Usual,
  counts: readonly number[],
  { limits, isOff }: { readonly limits: FeatureLimits; readonly isOff: boolean },
): Usual {
  return isOff || !usual.isLearning ? usual : learnUsual(usual, counts, limits);
}

/** What is to be said of a feature that was followed so far. */
export function concludeFeature(track: Track, limits: FeatureLimits): FeatureJudgement {
  const { alarm, alarms, over, last, logStatistic, history, usual, told } = track;
  const { feature } = limits;
  const logThreshold = logThresholdOf(limits);
  const verdict = concludeVerdict(track);
  const base = {
    name: feature.name,
    kind: feature.kind,
    ...(feature.said && { said: feature.said }),
    ...(feature.derived && { derived: feature.derived }),
    ...(feature.columns && { columns: feature.columns }),
    severity: concludeSeverity(track, verdict, limits),
    verdict,
    isWarmingUp: usual.isLearning,
    ...{ alarms, logStatistic, logThreshold, history },
    ...(alarm && { alarm }),
    ...(over.length > 0 && { over }),
    ...(told && told.unremarkable > 0 && { unseen: told.unremarkable }),
    ...(usual.wobble && { usualReach: usual.wobble.reach }),
  };
  if (last === undefined) return { ...base, movedBins: [] };
  const { batch, comparison, pValue } = last;
  const contribution =
    feature.right && contributionOf({ reference: feature.reference, right: feature.right }, batch.counts);
  return {
    ...base,
    ...(contribution && { contribution }),
    last: { ...historyOf(last), interval: indexInterval(comparison.index, INTERVAL_LEVEL), pValue },
    movedBins: findMovedBins(feature, batch.counts),
    bins: { names: feature.binNames, reference: feature.reference, observed: batch.counts },
  };
}

function concludeVerdict({ last, told, usual }: Track): Verdict {
  if (last === undefined) return 'inconclusive';
  if (told !== undefined) return 'fail';
  return usual.isLearning ? 'inconclusive' : 'pass';
}

/** By the last batch; what is told is a warning at least. */
function concludeSeverity({ last }: Track, verdict: Verdict, limits: FeatureLimits): Severity {
  const severity = last === undefined ? 'info' : severityOf(last.comparison.index.debiased, limits);
  return verdict === 'fail' && severity === 'info' ? 'warn' : severity;
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
