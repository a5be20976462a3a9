import { z } from 'zod';
import { buildCohorts } from '../../core/drift/labels/build-cohorts.ts';
import { judgeLabels, type LabelJudgement } from '../../core/drift/labels/judge-labels.ts';
import { type LabelsSeen, labelsSeenSchema } from '../../core/drift/labels/labels-seen.ts';
import { promiseOf } from '../../core/drift/labels/late-label.ts';
import { secondsBetween } from '../../core/instant.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { sumOf } from '../../core/statistics/sum-of.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import { countLabels, measureDelay } from './read-labels.ts';
import { readProfile } from './read-version.ts';
import { readAnswers } from './read-windows.ts';

/** A cohort is judged when this share of past labels had come by its age. */
const MATURITY_QUANTILE = 0.99;
const JUDGE_EVERY_SECONDS = 3_600;

const stateSchema = z.object({
  at: z.string(),
  reported: z.enum(['pass', 'fail']),
  /** What they said, for people. */
  seen: labelsSeenSchema.optional(),
});

/** What late labels said when a version was last judged here; `undefined` while there are none. */
export function readLabelsSeen(
  { store }: Pick<AgentContext, 'store'>,
  model: string,
  version: string,
): LabelsSeen | undefined {
  return store.getMemory(keyOf(model, version), stateSchema)?.seen;
}

/** Judges the stable version by its late labels, hourly, and reports to the repository when the verdict has changed. */
export async function judgeLateLabels(context: AgentContext): Promise<void> {
  const { store, clock } = context;
  for (const [model, { traffic }] of Object.entries(store.traffic())) {
    if (traffic.stable === undefined) continue;
    const key = keyOf(model, traffic.stable);
    const state = store.getMemory(key, stateSchema);
    const now = clock.now();
    if (state !== undefined && secondsBetween(state.at, now) < JUDGE_EVERY_SECONDS) continue;
    const judged = await judge(context, model, traffic.stable);
    const before = state?.reported ?? 'pass';
    const verdict = judged === undefined || judged.verdict === 'inconclusive' ? before : judged.verdict;
    store.transaction(() => {
      if (judged !== undefined && verdict !== before) {
        const step = `${traffic.stable}/${verdict}/${judged.alarmSince ?? now}`;
        const subject = { type: DISPATCH_TYPES.labelDrift, model, step };
        report(context, subject, describe(traffic.stable ?? '', judged));
      }
      const seen = judged && summarize(traffic.stable ?? '', judged, now);
      store.putMemory(key, { at: now, reported: verdict, ...(seen && { seen }) });
    });
  }
}

function keyOf(model: string, version: string): string {
  return `label-drift/${model}/${version}`;
}

function summarize(version: string, judged: LabelJudgement, at: string): LabelsSeen {
  const { verdict, labels, coverage, accuracy, expected } = judged;
  return {
    ...{ at, version, verdict, labels, coverage },
    ...(accuracy !== undefined && { accuracy }),
    ...(expected !== undefined && { expected }),
  };
}

/** `undefined` when the version's package says nothing of how often it is right. */
async function judge(
  context: AgentContext,
  model: string,
  version: string,
): Promise<LabelJudgement | undefined> {
  const { clock } = context;
  const prediction = readProfile(context, model, version)?.prediction;
  const promise = prediction && promiseOf(prediction);
  const counts = await countLabels(context, { model, version });
  if (promise === undefined || counts.length === 0) return undefined;
  const total = sumOf(counts.map(({ labelled }) => labelled));
  const cohorts = buildCohorts(await readAnswers(context, model, version), counts, promise.bins.total.length);
  return judgeLabels(promise.bins, cohorts, {
    subject: promise.subject,
    now: clock.now(),
    maturitySeconds: await measureDelay(context, { model, version }, { quantile: MATURITY_QUANTILE, total }),
    falseAlarmSeconds: context.options.driftFalseAlarmSeconds,
  });
}

function describe(version: string, judged: LabelJudgement): Parameters<typeof report>[2] {
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
