import { formatIndex } from '../drift/describe-drift.ts';
import type { DriftJudgement } from '../drift/judge-drift.ts';
import type { FeatureJudgement } from '../drift/judge-feature.ts';
import { formatLongDay } from '../report/format-day.ts';
import { formatCount } from '../report/format-number.ts';
import { alignRight, type Block, type Column, type Text } from '../report/report.ts';
import { drawSparkline } from '../report/sparkline.ts';
import type { MonitorDecision } from './decide-monitor.ts';
import { findBeginning } from './evidence/find-beginning.ts';
import type { MonitorInput } from './monitor-input.ts';
import { sayLosses } from './page/say-losses.ts';
import { sayVerdict } from './page/say-verdict.ts';

const SHOWN_FEATURES = 20;
const SHOWN_BATCHES = 30;
const FEATURE_COLUMNS: readonly Column[] = [
  'Feature',
  ...['PSI [95%]', 'Predictions', 'Usual days reach'].map(alignRight),
  'History',
  'Verdict',
];

type DriftLimits = MonitorInput['policy']['drift'];

/** A monitor decision for people: one sentence, why, and the shift of each feature with its interval. */
export function reportMonitor(decision: MonitorDecision, input: MonitorInput): readonly Block[] {
  const { drift, accuracy, policy } = input;
  return [
    describeVerdict(decision, input),
    ...describeReasons(decision),
    ...(drift === undefined ? [] : describeDrift(drift, policy.drift)),
    ...[accuracy?.explanation, sayLosses(input)]
      .filter((text) => text !== undefined)
      .map((text) => ({ kind: 'paragraph', text }) as const),
    ...(drift?.problems ?? []).map(
      ({ message, remedy }) => ({ kind: 'warning', text: `${message} ${remedy}` }) as const,
    ),
  ];
}

/** The action and why; where what is wanted is not done, what is waited for or asked of people instead, and what stands in the way. */
function describeVerdict(decision: MonitorDecision, input: MonitorInput): Block {
  const { headline, sentence, obstacle } = sayVerdict(decision, input);
  const [said, why] =
    obstacle === undefined ? [decision.action, sentence] : [headline, `${sentence} ${obstacle}`];
  return { kind: 'paragraph', text: [{ kind: 'strong', text: said }, `: ${why}`] };
}

function describeReasons({ reasons }: MonitorDecision): readonly Block[] {
  if (reasons.length === 0) return [];
  const items = reasons.map(({ code, message }): Text => [{ kind: 'code', text: code }, `: ${message}`]);
  return [{ kind: 'list', items }];
}

function describeDrift(drift: DriftJudgement, limits: DriftLimits): readonly Block[] {
  const rows = drift.features.slice(0, SHOWN_FEATURES).map((feature) => featureRow(feature, limits));
  const more = drift.features.length - rows.length;
  const rest = [`and ${formatCount(more)} more`, '', '', '', '', ''];
  return [
    {
      kind: 'paragraph',
      text: `Version ${drift.version}: ${formatCount(drift.batches)} batches judged, ${formatCount(drift.openRows)} predictions waiting for the next.`,
    },
    { kind: 'table', columns: FEATURE_COLUMNS, rows: more > 0 ? [...rows, rest] : rows },
    ...describeLeftOut(drift),
  ];
}

function describeLeftOut({ leftOut }: DriftJudgement): readonly Block[] {
  if (leftOut.length === 0) return [];
  const named = leftOut.slice(0, SHOWN_FEATURES).map(({ name, why }) => `\`${name}\` (${why})`);
  const more = leftOut.length - named.length;
  const rest = more > 0 ? `, and ${formatCount(more)} more` : '';
  const text = `Not watched: ${named.join(', ')}${rest}. \`monitor.drift.as\` says what a column is.`;
  return [{ kind: 'paragraph', text }];
}

function featureRow(feature: FeatureJudgement, { warn, act }: DriftLimits): readonly Text[] {
  const { name, said, last, usualReach, alarm, verdict, severity, isWarmingUp } = feature;
  const shown =
    last === undefined
      ? '–'
      : `${formatIndex(last.index)} [${formatIndex(last.interval.low)}, ${formatIndex(last.interval.high)}]`;
  const judged = isWarmingUp && alarm === undefined ? 'learning' : verdict;
  // The day that the sentence above it names, too: the alarm waits for evidence.
  const began = findBeginning(feature, warn)?.began ?? alarm?.since;
  return [
    said ?? [{ kind: 'code', text: name }],
    shown,
    last === undefined ? '–' : formatCount(last.rows),
    usualReach === undefined ? '–' : formatIndex(usualReach),
    drawSparkline(
      feature.history.slice(-SHOWN_BATCHES).map(({ index }) => index),
      act,
    ),
    alarm === undefined || began === undefined
      ? judged
      : [{ kind: 'strong', text: alarm.kind }, ` (${severity}) since ${formatLongDay(began)}`],
  ];
}
