import { estimateAccuracy } from '../../drift/estimate-accuracy.ts';
import { buildCohorts, type LabelCount } from '../../drift/labels/build-cohorts.ts';
import { isMature, judgeLabels } from '../../drift/labels/judge-labels.ts';
import type { ConfidenceBins } from '../../drift/profile.ts';
import { type CaptureWindow, sumConfidence } from '../../drift/window.ts';
import { isBefore } from '../../instant.ts';
import { dayOf } from '../../report/format-day.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { Interval } from '../../verdict.ts';
import { outsideShare, sumDays } from './sum-days.ts';

/** The accuracy of one day (UTC): as the confidences let expect, where that may be said, and as late labels show it. */
export type DayAccuracy = {
  readonly day: string;
  readonly predictions: number;
  readonly estimate?: { readonly accuracy: number; readonly interval: Interval };
  /** `coverage` is the share of predictions that have a label by now; without an `accuracy` they are too few. */
  readonly labels?: {
    readonly labels: number;
    readonly coverage: number;
    readonly accuracy?: number;
    readonly interval?: Interval;
    /** Whether most labels of that day should have come. */
    readonly isMature: boolean;
  };
};

/** From when on confidences say nothing of accuracy, and when labels are expected to have come. */
type AccuracyLimits = {
  readonly now: string;
  readonly maturitySeconds: number;
  readonly inputAlarm?: string | undefined;
  readonly labelAlarm?: string | undefined;
};

/** What hosts counted of one version and the labels that came; what is counted by a name in `derived` is no value of an input. */
type Counted = {
  readonly windows: readonly CaptureWindow[];
  readonly labels: readonly LabelCount[];
  readonly derived: ReadonlySet<string>;
};

/** The accuracy of each day with predictions of one version, the oldest first. */
export function followAccuracy(
  bins: ConfidenceBins,
  { windows, labels, derived }: Counted,
  limits: AccuracyLimits,
): readonly DayAccuracy[] {
  const windowsByDay = Map.groupBy(windows, ({ from }) => dayOf(from));
  const labelsByDay = Map.groupBy(labels, ({ day }) => day);
  const days = [...new Set([...windowsByDay.keys(), ...labelsByDay.keys()])].toSorted();
  return days.map((day) => {
    const ofDay = windowsByDay.get(day) ?? [];
    const estimate = estimateDay(bins, { day, windows: ofDay, derived }, limits);
    const labelled = judgeDay(bins, { windows: ofDay, labels: labelsByDay.get(day) ?? [] }, limits);
    const predictions = sumOf(ofDay.map(({ n }) => n));
    return { day, predictions, ...(estimate && { estimate }), ...(labelled && { labels: labelled }) };
  });
}

function estimateDay(
  bins: ConfidenceBins,
  { day, windows, derived }: Pick<Counted, 'windows' | 'derived'> & { readonly day: string },
  { inputAlarm, labelAlarm }: AccuracyLimits,
): DayAccuracy['estimate'] {
  const counts = sumConfidence(windows, bins.total.length);
  const end = `${day}T23:59:59Z`;
  const estimate = estimateAccuracy(bins, counts, {
    outOfRangeShare: outsideShare(sumDays(windows, derived)),
    hasInputAlarm: inputAlarm !== undefined && isBefore(inputAlarm, end),
    hasLabelAlarm: labelAlarm !== undefined && isBefore(labelAlarm, end),
  });
  return estimate.kind === 'estimate'
    ? { accuracy: estimate.accuracy, interval: estimate.interval }
    : undefined;
}

function judgeDay(
  bins: ConfidenceBins,
  { windows, labels }: { readonly windows: readonly CaptureWindow[]; readonly labels: readonly LabelCount[] },
  { now, maturitySeconds }: AccuracyLimits,
): DayAccuracy['labels'] {
  const [cohort] = buildCohorts(windows, labels, bins.total.length);
  if (cohort === undefined) return undefined;
  // Shown as it is so far, however young: whether it is final is said beside it.
  const open = { now, maturitySeconds: Number.NEGATIVE_INFINITY, falseAlarmSeconds: 0 };
  const judged = judgeLabels(bins, [cohort], open);
  const { accuracy, interval, coverage } = judged;
  return {
    ...{ labels: judged.labels, coverage, isMature: isMature(cohort, { now, maturitySeconds }) },
    ...(accuracy !== undefined && { accuracy }),
    ...(interval !== undefined && { interval }),
  };
}
