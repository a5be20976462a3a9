import { formatCount, formatEvidence, formatPercent } from '../report/format-number.ts';
import { drawSparkline } from '../report/sparkline.ts';
import type { RolloutDecision } from './decide-rollout.ts';
import { HARM_WEIGHTS, HARMS, type Harm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';
import { EMPTY_STAGE, type StageTotals } from './evidence/stage-totals.ts';
import type { TracePoint } from './record/trace.ts';

const HARM_NAMES: Readonly<Record<Harm, string>> = {
  errors: 'errors',
  slow: 'slow answers',
  invalid: 'invalid answers',
  objective: 'absolute objective',
};

/** A rollout as Markdown: the decision in one sentence, what each stage saw, and how the evidence of harm grew. */
export function renderRollout(input: {
  readonly decision: RolloutDecision;
  readonly evidence: Evidence;
  readonly points: readonly TracePoint[];
}): string {
  const { decision, evidence, points } = input;
  return [
    decision.explanation,
    '',
    '| Stage | Candidate requests | errors | invalid | Stable requests | errors | invalid | Polls |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...evidence.plan.stages.map((percent, stage) =>
      renderStage(percent, evidence.stages[stage] ?? EMPTY_STAGE),
    ),
    '',
    ...renderCurve(evidence, points),
    '<details><summary>Evidence by kind of harm</summary>',
    '',
    '| Harm | Evidence now | Weight |',
    '| --- | ---: | ---: |',
    ...HARMS.map(
      (harm) =>
        `| ${HARM_NAMES[harm]} | ${describeLevel(evidence, harm)} | ${formatPercent(HARM_WEIGHTS[harm])} |`,
    ),
    '',
    ...decision.reasons.map(({ message }) => `- ${message}`),
    '',
    '</details>',
    '',
  ].join('\n');
}

function renderCurve(evidence: Evidence, points: readonly TracePoint[]): readonly string[] {
  if (points.length === 0) return ['No polls yet.', ''];
  const logLimit = -Math.log(evidence.plan.alpha);
  const levels = points.map(({ levels }) => levels.total);
  return [
    `Evidence of harm over ${formatCount(points.length)} polls, from 1:1 to the limit of ${formatEvidence(logLimit)}; ` +
      `highest ${formatEvidence(evidence.peak.total)}:`,
    '',
    `\`${drawSparkline(levels, logLimit)}\``,
    '',
  ];
}

/** A harm of which there is nothing to tell yet has nothing bet on it. */
function describeLevel({ bets, levels }: Evidence, harm: Harm): string {
  return bets[harm] === undefined ? 'nothing to tell yet' : formatEvidence(levels[harm]);
}

function renderStage(percent: number, { candidate, stable, polls }: StageTotals): string {
  const cells = [
    formatPercent(percent / 100),
    ...[candidate, stable].flatMap((arm) => [
      formatCount(arm.requests),
      formatBad(arm.errors, arm.requests),
      formatBad(arm.invalid, arm.requests),
    ]),
    formatCount(polls),
  ];
  return `| ${cells.join(' | ')} |`;
}

function formatBad(bad: number, requests: number): string {
  return requests === 0 ? '–' : `${formatCount(bad)} (${formatPercent(bad / requests)})`;
}
