import {
  advanceShiryaevRoberts,
  LOG_START,
  logCalibrate,
} from '../statistics/sequential/shiryaev-roberts.ts';
import type { Interval, Verdict } from '../verdict.ts';
import { compareHistograms, type HistogramComparison, tolerancePValue } from './compare-histograms.ts';
import { type DriftOptions, type Severity, severityOf } from './drift-options.ts';
import type { Batch } from './gather-batches.ts';
import type { JudgedFeature } from './judged-feature.ts';
import { indexInterval } from './stability-index.ts';
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

/** A batch that could be compared with the reference. */
type ComparedBatch = { readonly batch: FeatureBatch; readonly comparison: HistogramComparison };

/** What a feature is judged by; `features` are judged beside each other and share the false alarms. */
type FeatureOptions = DriftOptions & { readonly features: number };

type Track = {
  readonly logStatistic: number;
  readonly alarm?: Alarm;
  /** Whether a batch was beyond the warning level while the alarm stood: so it is told until that ends, and not by turns. */
  readonly isTold: boolean;
  readonly alarms: number;
  readonly isOffFromStart: boolean;
  readonly last?: ComparedBatch & { readonly pValue: number };
  readonly history: readonly number[];
};

/** The usual wobble, and from which of the compared batches on it is known: never, while too few of them were usual. */
type Usual = { readonly wobble: UsualWobble | undefined; readonly knownFrom: number };

/**
 * Follows one feature through all closed batches, from nothing but them.
 *
 * Claim: while nothing drifts beyond the tolerance and the usual wobble, all features together raise one alarm in
 * `falseAlarmSeconds` in the mean, or fewer: each alarms at `features` times the run length. Until the wobble is known, an alarm needs a
 * shift beyond the tolerance alone, and is told where the shift is beyond `warn`, which no usual day should be.
 * Assumes: as `tolerancePValue` and `wobblePValue`, of which the larger p counts; features may depend on each other in any way.
 * Reference: see `advanceShiryaevRoberts` and `logCalibrate`.
 * Vector: test/core/drift/judge-drift.test.ts; measure/simulate/drift.ts, rows 8 to 10 and 24 of docs/decisions.md.
 */
export function judgeFeature(
  feature: JudgedFeature,
  batches: readonly FeatureBatch[],
  options: FeatureOptions,
): FeatureJudgement {
  const averageRunLength = options.falseAlarmSeconds / options.cycleSeconds;
  const limits = { ...options, logThreshold: Math.log(averageRunLength * options.features) };
  const compared = batches.flatMap((batch) => {
    const comparison = compareHistograms(feature.reference, batch.counts, feature);
    return comparison === undefined ? [] : [{ batch, comparison }];
  });
  const usual = findUsual(feature, compared, options);
  const track = compared.reduce<Track>(
    (before, one, position) => stepTrack(before, { ...one, position, usual }, limits),
    { logStatistic: LOG_START, isTold: false, alarms: 0, isOffFromStart: false, history: [] },
  );
  const isWarmingUp = compared.length < usual.knownFrom;
  return concludeFeature(feature, track, { limits, wobble: usual.wobble, isWarmingUp });
}

/**
 * The usual wobble, from the profile's days or from the first live batches that were not off: what is beyond `warn` is a finding, and
 * never learnt as usual. The batches up to the last it was learnt from are not judged by it.
 */
function findUsual(
  feature: JudgedFeature,
  compared: readonly ComparedBatch[],
  { warmUpBatches, warn }: DriftOptions,
): Usual {
  const fromProfile = learnWobble(feature.blocks, feature);
  if (fromProfile !== undefined) return { wobble: fromProfile, knownFrom: 0 };
  const usual = compared
    .flatMap(({ batch, comparison }, position) =>
      comparison.index.debiased < warn ? [{ counts: batch.counts, position }] : [],
    )
    .slice(0, warmUpBatches);
  if (usual.length < warmUpBatches) return { wobble: undefined, knownFrom: Number.POSITIVE_INFINITY };
  const learnt = usual.map(({ counts }) => counts);
  return { wobble: learnWobble(learnt, feature), knownFrom: (usual.at(-1)?.position ?? -1) + 1 };
}

type Limits = FeatureOptions & { readonly logThreshold: number };

type Step = ComparedBatch & { readonly position: number; readonly usual: Usual };

function stepTrack(before: Track, step: Step, limits: Limits): Track {
  const { logThreshold } = limits;
  const { batch, comparison, position, usual } = step;
  const isFirst = position === 0;
  const beyondTolerance = tolerancePValue(comparison, limits.tolerance);
  const wobble = position < usual.knownFrom ? undefined : usual.wobble;
  const beyondUsual = wobble === undefined ? 0 : wobblePValue(comparison, batch.counts, wobble);
  const pValue = Math.max(beyondTolerance, beyondUsual);
  const isOffFromStart = (isFirst || before.isOffFromStart) && beyondTolerance < BACK_WITHIN_TOLERANCE;
  const standing = pValue < BACK_WITHIN_TOLERANCE ? before.alarm : undefined;
  const isBeyondWarn = comparison.index.debiased >= limits.warn;
  const next = {
    isOffFromStart,
    isTold: isBeyondWarn || (standing !== undefined && before.isTold),
    last: { batch, comparison, pValue },
    history: [...before.history, comparison.index.debiased],
  };
  const isSkewed =
    isFirst &&
    isBeyondWarn &&
    logCalibrate(beyondTolerance) >= logThreshold &&
    beyondUsual <= SKEW_ALPHA / limits.features;
  // What was gathered without the wobble is no evidence against days that are usual.
  const gathered = position === usual.knownFrom ? LOG_START : before.logStatistic;
  const logStatistic = advanceShiryaevRoberts(gathered, logCalibrate(pValue));
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
  const verdict = concludeVerdict(track, context);
  const base = {
    name: feature.name,
    kind: feature.kind,
    severity: concludeSeverity(track, verdict, context),
    verdict,
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
      index: comparison.index.debiased,
      interval: indexInterval(comparison.index, INTERVAL_LEVEL),
      pValue,
    },
    movedBins: findMovedBins(feature, batch.counts),
  };
}

function concludeVerdict(
  { last, alarm, isTold }: Track,
  { isWarmingUp }: { readonly isWarmingUp: boolean },
): Verdict {
  if (last === undefined) return 'inconclusive';
  if (alarm !== undefined && isTold) return 'fail';
  return isWarmingUp ? 'inconclusive' : 'pass';
}

/** By the last batch; what is told is a warning at least. */
function concludeSeverity(
  { last }: Track,
  verdict: Verdict,
  { limits }: { readonly limits: Limits },
): Severity {
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
