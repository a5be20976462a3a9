import type { Problem } from '../errors.ts';
import { isAfter } from '../instant.ts';
import { formatCount } from '../report/format-number.ts';
import type { Reason, Verdict } from '../verdict.ts';
import { describeFeature } from './describe-drift.ts';
import { type DriftOptions, minRowsOf, SEVERITIES, type Severity } from './drift-options.ts';
import { concludeFeatures, type FollowedDrift, followDrift } from './follow-drift.ts';
import { type Batch, type Batches, gatherBatches } from './gather-batches.ts';
import type { FeatureJudgement } from './judge-feature.ts';
import { type JudgedFeature, listJudged } from './judged-feature.ts';
import { findUnknownNames, type LeftOut, listLeftOut } from './left-out.ts';
import type { ReferenceProfile } from './profile.ts';
import { findReferenceProblems, measureReference, type ReferenceNoise } from './reference-noise.ts';
import type { CaptureWindow } from './window.ts';

/** Batches by which what a drift moves may be told later than it: each alarm waits for evidence of its own. */
const LATEST_BATCHES = 3;

/** Whether live data still look like the reference. `fail` while a feature's alarm of at least warning severity stands. */
export type DriftJudgement = {
  readonly verdict: Verdict;
  /** The worst of what is told. */
  readonly severity: Severity;
  readonly model: string;
  readonly version: string;
  /** Closed batches judged, and rows waiting for the next one to close. */
  readonly batches: number;
  readonly openRows: number;
  /** All judged features and the prediction, the most shifted first. */
  readonly features: readonly FeatureJudgement[];
  /** What is not watched, and why, in words. */
  readonly leftOut: readonly LeftOut[];
  readonly noise: ReferenceNoise;
  readonly reasons: readonly Reason[];
  readonly problems: readonly Problem[];
  readonly explanation: string;
};

/**
 * Judges drift from the profile and the windows alone, replayed from the first: there is no state to lose. Windows of other
 * versions are ignored; unusable ones are named in `problems`; too little data is `inconclusive`.
 */
export function judgeDrift(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  options: DriftOptions,
): DriftJudgement {
  return goOnWithDrift(profile, windows, options).judgement;
}

/** As `judgeDrift`, and equal to it, at the price of what is new since drift was `followed`. */
export function goOnWithDrift(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  options: DriftOptions,
  before?: FollowedDrift,
): { readonly judgement: DriftJudgement; readonly followed: FollowedDrift } {
  const judged = listJudged(profile, options);
  const gathered = gatherBatches({ profile, judged }, windows, { ...options, minRows: minRowsOf(options) });
  const followed = followDrift(judged, gathered.closed, options, before);
  const features = markMoved(concludeFeatures(followed, options), gathered.closed).sort(byUrgency);
  return { judgement: conclude(profile, { ...gathered, judged, features }, options), followed };
}

type Told = Batches & {
  readonly judged: readonly JudgedFeature[];
  readonly features: readonly FeatureJudgement[];
};

function conclude(
  profile: ReferenceProfile,
  { judged, features, closed, openRows, problems }: Told,
  options: DriftOptions,
): DriftJudgement {
  const minRows = minRowsOf(options);
  const failed = features.filter(({ verdict }) => verdict === 'fail');
  const told = failed.filter(isNews);
  const reasons = told.map((feature) => reasonOf(feature, options));
  const lacking =
    failed.length > 0 ? undefined : findLack(features, { batches: closed.length, openRows, minRows });
  return {
    verdict: concludeVerdict(failed, lacking),
    severity: worstSeverity(told),
    model: profile.model,
    version: profile.version,
    batches: closed.length,
    openRows,
    features,
    leftOut: listLeftOut(profile, options),
    noise: measureReference(judged, options),
    reasons: lacking === undefined ? reasons : [...reasons, lacking],
    problems: [...findReferenceProblems(judged, options), ...findUnknownNames(profile, options), ...problems],
    explanation: explain(features, told, lacking),
  };
}

/** A column that drifts alone moves what watches it together with others, and the answers in slices, and this is no further finding. */
function isNews({ movedWith = [] }: FeatureJudgement): boolean {
  return movedWith.length === 0;
}

function markMoved(all: readonly FeatureJudgement[], closed: readonly Batch[]): FeatureJudgement[] {
  return all.map((feature) => {
    if (feature.verdict !== 'fail') return feature;
    const causes = all.filter((other) => isMovedBy(feature, other) && isCause(other, feature, closed));
    return causes.length === 0 ? feature : { ...feature, movedWith: causes.map(({ name }) => name) };
  });
}

/** Whether the other drifts, and has not for so long that this explains nothing; or did when this began, and was over sooner. */
function isCause(other: FeatureJudgement, feature: FeatureJudgement, closed: readonly Batch[]): boolean {
  const since = feature.alarm?.since;
  const [stands, { over = [] }] = [other.verdict === 'fail' ? other.alarm?.since : undefined, other];
  if (since === undefined) return false;
  const isSoonAfter = (before: string, later: string) =>
    batchesBetween(before, later, closed) <= LATEST_BATCHES;
  // A drift may stand for a year.
  if (stands !== undefined && isSoonAfter(stands, since)) return true;
  return over.some((before) => isSoonAfter(before, since) && isSoonAfter(since, before));
}

/** Batches that closed after the one and up to the other; none where the other was first. */
function batchesBetween(before: string, later: string, closed: readonly Batch[]): number {
  return closed.filter(({ to }) => isAfter(to, before) && !isAfter(to, later)).length;
}

/** Answers in a slice follow what comes in, and the answers to all. */
function isMovedBy({ derived, columns = [] }: FeatureJudgement, other: FeatureJudgement): boolean {
  return derived === 'slice' ? other.derived === undefined : columns.includes(other.name);
}

function concludeVerdict(failed: readonly FeatureJudgement[], lacking: Reason | undefined): Verdict {
  if (failed.length > 0) return 'fail';
  return lacking === undefined ? 'pass' : 'inconclusive';
}

function findLack(
  features: readonly FeatureJudgement[],
  { batches, openRows, minRows }: { readonly [count in 'batches' | 'openRows' | 'minRows']: number },
): Reason | undefined {
  if (batches === 0) {
    const message = `No cycle is over with the ${formatCount(minRows)} predictions it needs; ${formatCount(openRows)} so far.`;
    return {
      code: 'too-few-rows',
      metric: 'rows',
      message,
      observed: openRows,
      limit: minRows,
      sampleSize: openRows,
    };
  }
  if (features.every(({ verdict }) => verdict === 'inconclusive')) {
    const isWarmingUp = features.some((feature) => feature.isWarmingUp);
    return isWarmingUp
      ? {
          code: 'warming-up',
          metric: 'batches',
          message: `Learning how much usual days differ: ${formatCount(batches)} batches so far; the profile has no days.`,
          observed: batches,
          sampleSize: batches,
        }
      : {
          code: 'nothing-comparable',
          metric: 'features',
          message: 'No feature could be compared with the reference profile.',
          sampleSize: 0,
        };
  }
  return undefined;
}

function reasonOf(feature: FeatureJudgement, options: DriftOptions): Reason {
  const { alarm, last, name } = feature;
  return {
    code: alarm?.kind ?? 'drift',
    metric: name,
    message: describeFeature(feature, options),
    ...(last && { observed: last.index, sampleSize: last.rows, interval: last.interval }),
    limit: options.tolerance,
  };
}

function explain(
  features: readonly FeatureJudgement[],
  told: readonly FeatureJudgement[],
  lacking: Reason | undefined,
): string {
  if (lacking !== undefined) return lacking.message;
  const names = told.map(({ name, said }) => said ?? `\`${name}\``).join(', ');
  const all = formatCount(features.length);
  if (told.length === 0)
    return `None of ${all} histograms differs from the reference beyond tolerance and usual days.`;
  const isSkew = told.every(({ alarm }) => alarm?.kind === 'skew');
  const what = isSkew ? 'differed from training from the first batch on (skew)' : 'drifted';
  return `${formatCount(told.length)} of ${all} histograms ${what}: ${names}.`;
}

function byUrgency(left: FeatureJudgement, right: FeatureJudgement): number {
  const rank = ({ verdict }: FeatureJudgement) => (verdict === 'fail' ? 0 : 1);
  return rank(left) - rank(right) || (right.last?.index ?? 0) - (left.last?.index ?? 0);
}

function worstSeverity(told: readonly FeatureJudgement[]): Severity {
  return SEVERITIES.findLast((severity) => told.some((feature) => feature.severity === severity)) ?? 'info';
}
