import type { DriftJudgement } from '../../drift/judge-drift.ts';
import type { ComparedBins } from '../../drift/judge-feature.ts';
import type { LabelCount } from '../../drift/labels/build-cohorts.ts';
import type { LabelJudgement } from '../../drift/labels/judge-labels.ts';
import { nameBins, type ReferenceProfile } from '../../drift/profile.ts';
import { listDerived } from '../../drift/together.ts';
import { type CaptureWindow, hasTimes, mergeWindows, sumConfidence } from '../../drift/window.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import { findBeginning } from './find-beginning.ts';
import { type DayAccuracy, followAccuracy } from './follow-accuracy.ts';
import { type DaySums, sumDays } from './sum-days.ts';
import type { HourSums } from './sum-hours.ts';
import { type InputHealth, recentOf, sumInputs } from './sum-inputs.ts';

/** What the hosts told of one model: what they counted, by hour what their proxies saw, and late labels of the champion. */
type Told = {
  readonly windows: readonly CaptureWindow[];
  readonly hours: readonly HourSums[];
  readonly labels: readonly LabelCount[];
};

/** The same summed up for people. `all` is of every version; the rest is of the champion's. */
export type PageEvidence = {
  readonly all: readonly DaySums[];
  readonly days: readonly DaySums[];
  readonly hours: readonly HourSums[];
  readonly inputs: readonly InputHealth[];
  /** Confidences of the last days against those of the reference; absent where the model has none. */
  readonly confidence?: ComparedBins;
  readonly accuracy: readonly DayAccuracy[];
  /** How often the model was right on its reference. */
  readonly promised?: number;
};

/** What the champion was judged by, and what came of it. */
type Judged = {
  readonly profile: ReferenceProfile;
  readonly drift: DriftJudgement;
  readonly labels?: LabelJudgement;
  readonly warn: number;
  readonly maturitySeconds: number;
};

/** Sums up what was told of the version `champion`; without a judgement it holds traffic and errors alone. */
export function sumUp(
  { windows, hours, labels }: Told,
  {
    champion,
    now,
    judged,
  }: { readonly champion?: string | undefined; readonly now: string; readonly judged?: Judged },
): PageEvidence {
  const merged = mergeWindows(windows.filter(hasTimes));
  const ours = merged.filter(({ version }) => version === champion);
  // Without a profile nothing is known to be derived.
  const derived = listDerived(judged?.profile ?? { features: [] });
  const counts = { all: sumDays(merged, derived), days: sumDays(ours, derived), hours };
  if (judged === undefined) return { ...counts, inputs: [], accuracy: [] };
  const { profile, drift, warn, maturitySeconds } = judged;
  const inputs = sumInputs(profile, ours);
  const bins = profile.prediction.confidence;
  if (bins === undefined) return { ...counts, inputs, accuracy: [] };
  const alarms = drift.features.flatMap((feature) => findBeginning(feature, warn)?.began ?? []).toSorted();
  const limits = { now, maturitySeconds, inputAlarm: alarms[0], labelAlarm: judged.labels?.alarmSince };
  return {
    ...{ ...counts, inputs },
    ...(bins.total.length > 1 && {
      confidence: {
        names: nameBins(bins),
        reference: bins.total,
        observed: sumConfidence(recentOf(ours), bins.total.length),
      },
    }),
    accuracy: followAccuracy(bins, { windows: ours, labels, derived }, limits),
    promised: sumOf(bins.correct) / Math.max(1, sumOf(bins.total)),
  };
}
