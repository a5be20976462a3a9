import { formatCount, formatEvidence, formatPercent } from '../report/format-number.ts';
import { alignRight, type Block } from '../report/report.ts';
import { drawSparkline } from '../report/sparkline.ts';
import type { RolloutDecision } from './decide-rollout.ts';
import { HARM_NAMES, HARM_WEIGHTS, HARMS, type Harm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';
import { EMPTY_STAGE, type StageTotals } from './evidence/stage-totals.ts';
import type { TracePoint } from './record/trace.ts';

const STAGE_COLUMNS = [
  'Stage',
  'Candidate requests',
  'errors',
  'unanswered',
  'refused',
  'invalid',
  'Stable requests',
  'errors',
  'unanswered',
  'refused',
  'invalid',
  'Polls',
].map(alignRight);

type Reported = {
  readonly decision: Pick<RolloutDecision, 'explanation' | 'reasons'>;
  readonly evidence: Evidence;
  readonly points: readonly TracePoint[];
};

/** A rollout for people: the decision in one sentence, and what it was decided on. */
export function reportRollout(reported: Reported): readonly Block[] {
  return [{ kind: 'paragraph', text: reported.decision.explanation }, ...reportEvidence(reported)];
}

/** What each stage saw, and how the evidence of harm grew. */
export function reportEvidence({ decision, evidence, points }: Reported): readonly Block[] {
  const stages = evidence.plan.stages.map((percent, stage) =>
    stageRow(percent, evidence.stages[stage] ?? EMPTY_STAGE),
  );
  const harms = HARMS.map((harm) => [
    HARM_NAMES[harm],
    describeLevel(evidence, harm),
    formatPercent(HARM_WEIGHTS[harm]),
  ]);
  const columns = ['Harm', alignRight('Evidence now'), alignRight('Weight')];
  return [
    { kind: 'table', columns: STAGE_COLUMNS, rows: stages },
    ...describeCurve(evidence, points),
    {
      kind: 'details',
      title: 'Evidence by kind of harm',
      blocks: [
        { kind: 'table', columns, rows: harms },
        { kind: 'list', items: decision.reasons.map(({ message }) => message) },
      ],
    },
  ];
}

function describeCurve(evidence: Evidence, points: readonly TracePoint[]): readonly Block[] {
  if (points.length === 0) return [{ kind: 'paragraph', text: 'No polls yet.' }];
  const logLimit = -Math.log(evidence.plan.alarmAlpha);
  const levels = points.map(({ levels }) => levels.total);
  const text =
    `Evidence of harm over ${countPolls(points.length)}, from 1:1 to the limit of ${formatEvidence(logLimit)}; ` +
    `highest ${formatEvidence(evidence.peak.total)}:`;
  return [
    { kind: 'paragraph', text },
    { kind: 'paragraph', text: [{ kind: 'code', text: drawSparkline(levels, logLimit) }] },
    { kind: 'paragraph', text: `Highest by stage: ${describeStages(evidence, points).join(', ')}.` },
    {
      kind: 'chart',
      title: 'Evidence of harm, and its limit',
      x: 'Polls',
      y: 'Powers of ten (0 is 1:1, 1 is 10:1)',
      values: levels.map((level) => level / Math.LN10),
      level: logLimit / Math.LN10,
    },
  ];
}

/** The highest evidence that was seen in each stage, and over how many polls. */
function describeStages({ plan }: Evidence, points: readonly TracePoint[]): readonly string[] {
  return plan.stages.flatMap((percent, stage) => {
    const levels = points.filter((point) => point.stage === stage).map(({ levels }) => levels.total);
    if (levels.length === 0) return [];
    const highest = formatEvidence(Math.max(...levels));
    return [`${formatPercent(percent / 100)} ${highest} in ${countPolls(levels.length)}`];
  });
}

function countPolls(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'poll' : 'polls'}`;
}

/** A harm of which there is nothing to tell yet has nothing bet on it. */
function describeLevel({ bets, levels }: Evidence, harm: Harm): string {
  return bets[harm] === undefined ? 'nothing to tell yet' : formatEvidence(levels[harm]);
}

function stageRow(percent: number, { candidate, stable, polls }: StageTotals): readonly string[] {
  return [
    formatPercent(percent / 100),
    ...[candidate, stable].flatMap((arm) => [
      formatCount(arm.requests),
      formatBad(arm.errors, arm.requests),
      formatBad(arm.unanswered, arm.requests),
      formatBad(arm.refused, arm.requests),
      formatBad(arm.invalid, arm.requests),
    ]),
    formatCount(polls),
  ];
}

function formatBad(bad: number, requests: number): string {
  return requests === 0 ? '–' : `${formatCount(bad)} (${formatPercent(bad / requests)})`;
}
