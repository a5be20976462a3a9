import { formatCount, formatDuration, formatPercent } from '../../../report/format-number.ts';
import { HARM_NAMES, HARM_WEIGHTS, HARMS } from '../../../rollout/evidence/bets.ts';
import type { Traffic } from '../../api.ts';
import type { PastEvidence } from '../history.ts';
import type { RolloutOutlook } from '../outlook.ts';
import { type ChartView, cell, columns, type Fact, type TableCell, type TableView } from './view.ts';
import { sayBad } from './view-versions.ts';
import { NOTHING_KNOWN, sayAgo, sayEvidence, sayUntil } from './words.ts';

/** A rollout on this host: where it stands, what its stages need, and how the evidence of harm grew. */
export type RolloutView = {
  readonly name: string;
  readonly verdict: string;
  readonly facts: readonly Fact[];
  readonly stages: TableView;
  readonly evidence: ChartView;
  readonly crossing: string;
  readonly harms: TableView;
};

/** Points of a curve that its table tells. */
const TOLD_POINTS = 12;

/** See `RolloutView`. */
export function viewRollout(rollout: RolloutOutlook, { brake, lease }: Traffic, nowMs: number): RolloutView {
  const { decision, stages } = rollout;
  return {
    name: rollout.rollout,
    verdict: brake === undefined ? decision.explanation : `Braked (${brake.code}): ${brake.explanation}`,
    facts: brake === undefined ? viewTimes(rollout, lease?.detached === true, nowMs) : [],
    stages: {
      caption: 'Stages',
      columns: columns(
        'Stage',
        'State',
        '#Candidate requests',
        '#Still needs',
        '#Takes at this traffic',
        '#Candidate errors',
        '#Stable errors',
      ),
      rows: stages.map((_, index) => viewStage(rollout, index, brake !== undefined)),
      empty: 'The plan has no stages.',
    },
    evidence: viewEvidence(rollout),
    crossing: sayCrossing(rollout),
    harms: viewHarms(rollout),
  };
}

function viewTimes(rollout: RolloutOutlook, isDetached: boolean, nowMs: number): readonly Fact[] {
  const { startedAt, stageStartedAt, leaseEndsAt, returnsAt, deadlineAt, decision, stages, stage } = rollout;
  const isSilent = Date.parse(leaseEndsAt) <= nowMs;
  const { missing } = decision;
  // What is held is not decided on, and its stage needs what it needs.
  const requests = missing?.requests ?? countMissing(stages[stage]);
  const needs = [
    ...(requests > 0 ? [`${formatCount(requests)} candidate requests`] : []),
    ...(missing !== undefined && missing.seconds > 0 ? [formatDuration(missing.seconds)] : []),
  ];
  return [
    { name: 'Began', text: sayAgo(startedAt, nowMs), tone: 'plain' },
    {
      name: 'This stage',
      text: `began ${sayAgo(stageStartedAt, nowMs)}`,
      tone: 'plain',
    },
    { name: 'Still needs', text: needs.length === 0 ? 'nothing' : needs.join(' and '), tone: 'plain' },
    {
      name: 'Lease',
      text: isSilent
        ? `${sayUntil(leaseEndsAt, nowMs)}; returns to stable ${sayUntil(returnsAt, nowMs)}`
        : `ends ${sayUntil(leaseEndsAt, nowMs)}${isDetached ? '; no job waits' : ''}`,
      tone: isSilent ? 'warn' : 'plain',
    },
    {
      name: 'Deadline',
      text: sayUntil(deadlineAt, nowMs),
      tone: Date.parse(deadlineAt) < nowMs ? 'warn' : 'plain',
    },
  ];
}

function viewStage(
  { stages, stage: present }: RolloutOutlook,
  index: number,
  isBraked: boolean,
): readonly TableCell[] {
  const stage = stages[index];
  if (stage === undefined) return [];
  const { percent, needs, seen, seconds, candidate, stable } = stage;
  const isNow = index === present && !isBraked;
  const isOver = isBraked || index < present;
  return [
    cell(formatPercent(percent / 100)),
    cell(
      index < present ? 'passed' : index > present ? 'ahead' : isBraked ? 'braked' : 'now',
      isNow ? 'good' : 'plain',
    ),
    {
      text: `${formatCount(seen)} of ${formatCount(needs)}`,
      share: needs === 0 ? 1 : Math.min(1, seen / needs),
    },
    cell(isOver ? NOTHING_KNOWN : formatCount(countMissing(stage))),
    cell(sayTakes(isOver, seconds)),
    cell(sayBad(candidate.errors, candidate.requests)),
    cell(sayBad(stable.errors, stable.requests)),
  ];
}

/** Requests of the candidate that a stage still needs. */
function countMissing(stage: RolloutOutlook['stages'][number] | undefined): number {
  return stage === undefined ? 0 : Math.max(0, stage.needs - stage.seen);
}

function sayTakes(isOver: boolean, seconds: number | undefined): string {
  if (isOver) return NOTHING_KNOWN;
  return seconds === undefined ? 'no traffic' : formatDuration(seconds);
}

function viewEvidence({ evidence }: RolloutOutlook): ChartView {
  return chartEvidence('Evidence of harm', `Now ${sayEvidence(evidence.total)}, highest`, evidence);
}

/** The curve of a rollout's evidence with its limit; `beginning` of what is said of it goes on with its peak. */
export function chartEvidence(
  title: string,
  beginning: string,
  { curve, peak, limit, polls }: PastEvidence,
): ChartView {
  const step = Math.max(1, Math.ceil(curve.length / TOLD_POINTS));
  const told = curve.filter((_, index) => index % step === 0 || index === curve.length - 1);
  return {
    title,
    xs: curve.map(({ at }) => Date.parse(at) / 1_000),
    lines: [{ name: 'Evidence', arm: 'candidate', values: curve.map((point) => point.total) }],
    limit: { name: `Limit ${sayEvidence(limit)}`, value: limit },
    unit: 'evidence',
    summary: `${beginning} ${sayEvidence(peak)}, limit ${sayEvidence(limit)}, over ${formatCount(polls)} polls.`,
    table: {
      caption: `${title} over time`,
      columns: columns('Time', '#Stage', '#Evidence'),
      rows: told.map(({ at, stage, total: level }) => [
        cell(at.slice(0, 19).replace('T', ' ')),
        cell(String(stage + 1)),
        cell(sayEvidence(level)),
      ]),
      empty: 'No polls yet.',
    },
  };
}

function sayCrossing({ evidence: { failuresToAlarm, peak, limit } }: RolloutOutlook): string {
  if (peak >= limit) return 'The limit is reached.';
  if (failuresToAlarm === undefined) return 'What would reach the limit can not be told now.';
  const requests =
    failuresToAlarm === 1 ? 'One failed request' : `${formatCount(failuresToAlarm)} failed requests`;
  return `${requests} of the candidate in a row, with none of the stable version beside, would reach the limit.`;
}

function viewHarms({ evidence: { harms } }: RolloutOutlook): TableView {
  return {
    caption: 'Evidence by kind of harm',
    columns: columns('Harm', '#Evidence now', '#Weight'),
    rows: HARMS.map((harm) => {
      const known = harms[harm];
      return [
        cell(HARM_NAMES[harm]),
        cell(known === undefined ? 'nothing to tell yet' : sayEvidence(known)),
        cell(formatPercent(HARM_WEIGHTS[harm])),
      ];
    }),
    empty: 'Nothing is bet on.',
  };
}
