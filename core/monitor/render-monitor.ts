import { formatIndex } from '../drift/describe-drift.ts';
import type { DriftJudgement } from '../drift/judge-drift.ts';
import type { FeatureJudgement } from '../drift/judge-feature.ts';
import { escapeMarkdown } from '../report/escape-markdown.ts';
import { formatCount } from '../report/format-number.ts';
import { drawSparkline } from '../report/sparkline.ts';
import type { MonitorDecision } from './decide-monitor.ts';
import type { MonitorInput } from './monitor-input.ts';

const SHOWN_FEATURES = 20;
const SHOWN_BATCHES = 30;

/** A monitor decision as Markdown: one sentence, why, and the shift of each feature with its interval. */
export function renderMonitor(decision: MonitorDecision, input: MonitorInput): string {
  const { drift, accuracy, policy } = input;
  return [
    `**${decision.action}**: ${escapeMarkdown(decision.explanation)}`,
    '',
    ...renderReasons(decision),
    ...(drift === undefined ? [] : renderDrift(drift, policy.drift.act)),
    ...(accuracy === undefined ? [] : [accuracy.explanation, '']),
    ...(drift?.problems ?? []).map(
      ({ message, remedy }) => `> [!WARNING]\n> ${escapeMarkdown(`${message} ${remedy}`)}\n`,
    ),
  ].join('\n');
}

function renderReasons({ reasons }: MonitorDecision): readonly string[] {
  if (reasons.length === 0) return [];
  return [...reasons.map(({ code, message }) => `- ${escapeMarkdown(`\`${code}\`: ${message}`)}`), ''];
}

function renderDrift(drift: DriftJudgement, actIndex: number): readonly string[] {
  const rows = drift.features.slice(0, SHOWN_FEATURES).map((feature) => renderFeature(feature, actIndex));
  const more = drift.features.length - rows.length;
  return [
    `Version ${drift.version}: ${formatCount(drift.batches)} batches judged, ${formatCount(drift.openRows)} predictions waiting for the next.`,
    '',
    '| Feature | PSI [95%] | Predictions | Usual days reach | History | Verdict |',
    '| --- | ---: | ---: | ---: | --- | --- |',
    ...rows,
    ...(more > 0 ? [`| and ${formatCount(more)} more | | | | | |`] : []),
    '',
  ];
}

function renderFeature(feature: FeatureJudgement, actIndex: number): string {
  const { last, usualReach, alarm, verdict, severity, isWarmingUp } = feature;
  const shown =
    last === undefined
      ? '–'
      : `${formatIndex(last.index)} [${formatIndex(last.interval.low)}, ${formatIndex(last.interval.high)}]`;
  const said = isWarmingUp && alarm === undefined ? 'learning' : verdict;
  const cells = [
    escapeMarkdown(`\`${feature.name}\``),
    shown,
    last === undefined ? '–' : formatCount(last.rows),
    usualReach === undefined ? '–' : formatIndex(usualReach),
    drawSparkline(feature.history.slice(-SHOWN_BATCHES), actIndex),
    alarm === undefined ? said : `**${alarm.kind}** (${severity}) since ${alarm.since}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
