import type { Monitor } from '../../core/config/config.ts';
import { buildCohorts, type LabelCount } from '../../core/drift/build-cohorts.ts';
import { DEFAULT_DRIFT_OPTIONS } from '../../core/drift/drift-options.ts';
import { type AccuracyEstimate, estimateAccuracy } from '../../core/drift/estimate-accuracy.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../core/drift/fast-lane.ts';
import { type DriftJudgement, judgeDrift } from '../../core/drift/judge-drift.ts';
import { judgeLabels, type LabelJudgement, type LabelOptions } from '../../core/drift/judge-labels.ts';
import type { ConfidenceBins, ReferenceProfile } from '../../core/drift/profile.ts';
import { type CaptureWindow, mergeWindows } from '../../core/drift/window.ts';
import type { Told } from '../../core/monitor/evidence/sum-up.ts';
import type { MonitorInput } from '../../core/monitor/monitor-input.ts';

/** What a champion was judged as; labels are absent where none came. */
type JudgedSeen = Required<Pick<MonitorInput, 'drift' | 'fastLane' | 'accuracy'>> &
  Pick<MonitorInput, 'labels'>;

/** Judges a champion by its profile on what all hosts told of it. */
export function judgeSeen(
  { drift: policy, labels: late }: Monitor,
  profile: ReferenceProfile,
  { windows, labels: counts }: Pick<Told, 'windows' | 'labels'>,
  now: string,
): JudgedSeen {
  const options = { ...DEFAULT_DRIFT_OPTIONS, ...policy, until: now };
  const drift = judgeDrift(profile, windows, options);
  const fastLane = judgeFastLane(profile, windows, { ...DEFAULT_FAST_LANE_OPTIONS, until: now });
  const labels = judgeSeenLabels(profile, windows, counts, {
    now,
    maturitySeconds: late.maturitySeconds,
    falseAlarmSeconds: policy.falseAlarmSeconds,
  });
  return {
    ...{ drift, fastLane, accuracy: estimate(profile, windows, drift, labels) },
    ...(labels && { labels }),
  };
}

/** Late labels of all hosts together; nothing where none came, or where the model promised no accuracy. */
function judgeSeenLabels(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  counts: readonly LabelCount[],
  options: LabelOptions,
): LabelJudgement | undefined {
  const bins = confidenceOf(profile);
  if (bins === undefined || counts.length === 0) return undefined;
  const ours = mergeWindows(windows).filter(({ version }) => version === profile.version);
  const cohorts = buildCohorts(ours, counts, bins.total.length);
  return judgeLabels(bins, cohorts, options);
}

function confidenceOf({ prediction }: ReferenceProfile): ConfidenceBins | undefined {
  return prediction.kind === 'classes' ? prediction.confidence : undefined;
}

function estimate(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  drift: DriftJudgement,
  labels: LabelJudgement | undefined,
): AccuracyEstimate {
  const bins = confidenceOf(profile);
  const ours = windows.filter(({ version }) => version === profile.version);
  const counts = (bins?.total ?? []).map((_, bin) =>
    ours.reduce((sum, window) => sum + (window.prediction.confidence?.[bin] ?? 0), 0),
  );
  const rows = ours.reduce((sum, { n }) => sum + n, 0);
  const features = Object.keys(ours[0]?.features ?? {}).length;
  const outside = ours
    .flatMap(({ features: counted }) => Object.values(counted))
    .reduce((sum, { below, above }) => sum + below + above, 0);
  const outOfRangeShare = rows * features === 0 ? 0 : outside / (rows * features);
  return estimateAccuracy(bins, counts, {
    outOfRangeShare,
    hasInputAlarm: drift.verdict === 'fail',
    hasLabelAlarm: labels?.verdict === 'fail',
  });
}
