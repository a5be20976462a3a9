import { formatCount, formatDuration, formatPercent, formatRatio } from '../report/format-number.ts';
import { alignRight, type Block } from '../report/report.ts';
import type { StageForecast, StageForecasts } from './plan-stages.ts';

const COLUMNS = [
  'Stage',
  'Candidate requests/s',
  'Needs',
  'Takes',
  'Catches errors (80 %)',
  'By its minimum time',
].map(alignRight);

/** The forecast for people: a sentence, a row for each stage, and what to mend. */
export function reportStages(forecasts: StageForecasts): readonly Block[] {
  const { stages, totalSeconds, requestsPerSecond, baseErrorRate, isRateAssumed, problems } = forecasts;
  const total = Number.isFinite(totalSeconds)
    ? `this rollout takes about ${formatDuration(totalSeconds)}`
    : 'this rollout can not finish';
  const rate = Number(requestsPerSecond.toPrecision(3));
  const assumed = isRateAssumed ? 'an assumed' : 'an';
  const text = `At the present ${rate} requests/s and ${assumed} error rate of ${formatPercent(baseErrorRate)}, ${total}.`;
  return [
    { kind: 'paragraph', text },
    { kind: 'table', columns: COLUMNS, rows: stages.map(stageRow) },
    ...problems.map(({ message, remedy }) => ({ kind: 'warning', text: `${message} ${remedy}` }) as const),
  ];
}

function stageRow(stage: StageForecast): readonly string[] {
  const over = stage.errorLimit === undefined ? undefined : `over ${formatPercent(stage.errorLimit)}`;
  return [
    formatPercent(stage.percent / 100),
    String(Number(stage.candidatePerSecond.toPrecision(3))),
    formatCount(stage.requests),
    formatDuration(stage.seconds),
    over ?? formatVisible(stage.finds),
    over ?? formatVisible(stage.findsByMinimum),
  ];
}

function formatVisible(oddsRatio: number | undefined): string {
  return oddsRatio === undefined ? 'nothing' : `${formatRatio(oddsRatio)} and more`;
}
