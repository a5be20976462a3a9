import type { ColumnRoles, Monitor } from '../config/config.ts';
import { DEFAULT_DRIFT_OPTIONS } from '../drift/drift-options.ts';
import { type AccuracyEstimate, estimateAccuracy } from '../drift/estimate-accuracy.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../drift/fast-lane.ts';
import { type DriftJudgement, judgeDrift } from '../drift/judge-drift.ts';
import { buildCohorts, type LabelCount } from '../drift/labels/build-cohorts.ts';
import { judgeLabels, type LabelJudgement, type LabelOptions } from '../drift/labels/judge-labels.ts';
import { promiseOf, withoutPromise } from '../drift/labels/late-label.ts';
import type { ReferenceProfile } from '../drift/profile.ts';
import { listDerived } from '../drift/together.ts';
import { type CaptureWindow, mergeWindows, sumConfidence } from '../drift/window.ts';
import { lastWeeks } from '../drift/windows/last-weeks.ts';
import type { Instant } from '../instant.ts';
import { outsideShare, sumDays } from './evidence/sum-days.ts';
import type { MonitorInput } from './monitor-input.ts';

/** What all hosts counted, the late labels among it, and by what and when it is judged. */
type Served = {
  readonly now: Instant;
  readonly policy: Monitor;
  readonly windows: readonly CaptureWindow[];
  readonly labels: readonly LabelCount[];
};

/** What a version was judged as; labels are absent where none came. */
type Judged = Required<Pick<MonitorInput, 'drift' | 'fastLane' | 'accuracy'>> & Pick<MonitorInput, 'labels'>;

/**
 * What is to be said of a version from what hosts counted of it: drift, what can't wait a day, late labels, accuracy without them. `judge`
 * says what `judgeDrift` would.
 */
export function judgeServed(
  profile: ReferenceProfile,
  { now, policy, windows, labels: counts }: Served,
  judge: typeof judgeDrift = judgeDrift,
): Judged {
  const leaveOut = columnsLeftOut(policy.drift.columns);
  const options = { ...DEFAULT_DRIFT_OPTIONS, ...policy.drift, leaveOut, until: now };
  const drift = judge(profile, windows, options);
  const recent = lastWeeks(windows, now);
  const fastLane = judgeFastLane(profile, recent, { ...DEFAULT_FAST_LANE_OPTIONS, leaveOut, until: now });
  const labels = judgeLate(profile, windows, counts, {
    now,
    maturitySeconds: policy.labels.maturitySeconds,
    falseAlarmSeconds: policy.drift.falseAlarmSeconds,
  });
  return {
    ...{ drift, fastLane, accuracy: estimate(profile, recent, drift, labels) },
    ...(labels && { labels }),
  };
}

/** Columns that trainyard.yml leaves out now, whatever the package was built with. */
function columnsLeftOut(columns: ColumnRoles): readonly string[] {
  return Object.entries(columns).flatMap(([name, role]) =>
    role === 'text' || role === 'category' ? [] : [name],
  );
}

/** Late labels of all hosts together; nothing where none came. */
function judgeLate(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  counts: readonly LabelCount[],
  options: LabelOptions,
): LabelJudgement | undefined {
  const promise = promiseOf(profile.prediction);
  if (counts.length === 0) return undefined;
  if (promise === undefined) return withoutPromise(counts);
  const ours = mergeWindows(windows).filter(({ version }) => version === profile.version);
  const cohorts = buildCohorts(ours, counts, promise.bins.total.length);
  return judgeLabels(promise.bins, cohorts, { ...options, subject: promise.subject });
}

function estimate(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  drift: DriftJudgement,
  labels: LabelJudgement | undefined,
): AccuracyEstimate {
  const bins = profile.prediction.confidence;
  const ours = windows.filter(({ version }) => version === profile.version);
  const counts = sumConfidence(ours, bins?.total.length ?? 0);
  return estimateAccuracy(bins, counts, {
    outOfRangeShare: outsideShare(sumDays(ours, listDerived(profile))),
    hasInputAlarm: drift.verdict === 'fail',
    hasLabelAlarm: labels?.verdict === 'fail',
  });
}
