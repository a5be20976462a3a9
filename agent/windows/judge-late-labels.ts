import { z } from 'zod';
import { judgeLabels, type LabelCohort, type LabelJudgement } from '../../core/drift/judge-labels.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import type { LabelCount } from '../store/label-table.ts';
import { readProfile } from './read-profile.ts';

/** Labels between two false alarms on average: reference/statistics.md, late labels. */
const AVERAGE_RUN_LENGTH = 10_000;
/** A cohort is judged when this share of past labels had come by its age. */
const MATURITY_QUANTILE = 0.99;
const JUDGE_EVERY_MS = 3_600_000;

const stateSchema = z.object({ at: z.string(), reported: z.enum(['pass', 'fail']) });

/** Judges the stable version by its late labels, hourly, and reports to the repository when the verdict has changed. */
export function judgeLateLabels(context: AgentContext): void {
  const { store, clock } = context;
  for (const [model, { traffic }] of Object.entries(store.traffic())) {
    if (traffic.stable === undefined) continue;
    const key = `label-drift/${model}/${traffic.stable}`;
    const state = store.getMemory(key, stateSchema);
    const now = clock.now();
    if (state !== undefined && Date.parse(now) - Date.parse(state.at) < JUDGE_EVERY_MS) continue;
    const judged = judge(context, model, traffic.stable);
    const before = state?.reported ?? 'pass';
    const verdict = judged === undefined || judged.verdict === 'inconclusive' ? before : judged.verdict;
    store.transaction(() => {
      if (judged !== undefined && verdict !== before) {
        report(
          context,
          DISPATCH_TYPES.labelDrift,
          model,
          `${traffic.stable}/${verdict}/${judged.alarmSince ?? now}`,
          describe(traffic.stable ?? '', judged),
        );
      }
      store.putMemory(key, { at: now, reported: verdict });
    });
  }
}

/** `undefined` when the version's package says nothing of how often it is right. */
function judge(context: AgentContext, model: string, version: string): LabelJudgement | undefined {
  const { store, clock } = context;
  const prediction = readProfile(context, model, version)?.prediction;
  const bins = prediction?.kind === 'classes' ? prediction.confidence : undefined;
  const counts = store.labels.counts(model, version);
  if (bins === undefined || counts.length === 0) return undefined;
  const cohorts = buildCohorts(store.allWindows(model, version), counts, bins.total.length);
  return judgeLabels(bins, cohorts, {
    now: clock.now(),
    maturitySeconds: store.labels.delay(model, version, MATURITY_QUANTILE),
    averageRunLength: AVERAGE_RUN_LENGTH,
  });
}

/** One cohort per day (UTC): what was predicted, from the windows; what has a label, from the labels. */
export function buildCohorts(
  windows: readonly CaptureWindow[],
  counts: readonly LabelCount[],
  bins: number,
): readonly LabelCohort[] {
  const days = [...new Set(counts.map(({ day }) => day))].toSorted();
  return days.map((day) => {
    const predicted = windows
      .filter(({ from }) => from.startsWith(day))
      .reduce((sum, window) => addCounts(sum, window.prediction.confidence ?? []), zeros(bins));
    const labelled = zeros(bins);
    const correct = zeros(bins);
    for (const count of counts.filter((one) => one.day === day && one.bin >= 0 && one.bin < bins)) {
      labelled[count.bin] = count.labelled;
      correct[count.bin] = count.correct;
    }
    // A window is closed after its predictions: there are never fewer of them than have a label.
    const atLeast = predicted.map((count, bin) => Math.max(count, labelled[bin] ?? 0));
    return { from: `${day}T00:00:00Z`, to: `${day}T23:59:59Z`, predicted: atLeast, labelled, correct };
  });
}

function describe(version: string, judged: LabelJudgement): Parameters<typeof report>[4] {
  const { verdict, labels, coverage, accuracy, expected, alarmSince, reasons } = judged;
  return {
    version,
    verdict,
    labels,
    coverage,
    accuracy: accuracy ?? null,
    expected: expected ?? null,
    since: alarmSince ?? null,
    explanation: reasons.map(({ message }) => message).join(' '),
  };
}

function addCounts(left: readonly number[], right: readonly number[]): number[] {
  return left.map((count, bin) => count + (right[bin] ?? 0));
}

function zeros(bins: number): number[] {
  return Array.from({ length: bins }, () => 0);
}
