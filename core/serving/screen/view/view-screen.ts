import { formatCount, formatDecimal, formatDuration, formatPercent } from '../../../report/format-number.ts';
import type { AuditEntry } from '../../audit-entry.ts';
import type { TrafficHistory } from '../history.ts';
import type { ModelOutlook } from '../outlook.ts';
import type { ScreenEvent } from '../screen-routes.ts';
import { cell, columns, type Fact, type TableView, type Tone } from './view.ts';
import { viewEvents } from './view-events.ts';
import { type HistoryView, viewHistory } from './view-history.ts';
import { viewHost, viewInstances } from './view-host.ts';
import { type Heed, viewHeeds } from './view-notices.ts';
import { type RolloutView, viewRollout } from './view-rollout.ts';
import { type SharesView, viewShares, viewVersions } from './view-versions.ts';
import { NOTHING_KNOWN, sayAgo, sayPlain } from './words.ts';

/** One model on the page. */
export type ModelView = {
  readonly model: string;
  readonly shares: SharesView;
  readonly versions: TableView;
  readonly rollout: RolloutView | undefined;
  readonly history: HistoryView | undefined;
  readonly watch: readonly Fact[];
  readonly drift: TableView | undefined;
};

/** All that the page says. */
export type ScreenView = {
  readonly host: string;
  readonly facts: readonly Fact[];
  readonly heeds: readonly Heed[];
  readonly models: readonly ModelView[];
  readonly instances: TableView;
  readonly events: TableView;
};

/** What is known beside the event: histories by model, and the newest calls that were to change something. */
export type KnownBeside = {
  readonly histories: Readonly<Record<string, TrafficHistory>>;
  readonly calls: readonly AuditEntry[];
};

/** What the page says of an event and of what is known beside it, at an instant (ms, by the agent's clock). */
export function viewScreen(event: ScreenEvent, { histories, calls }: KnownBeside, nowMs: number): ScreenView {
  const { state, outlooks } = event;
  return {
    host: state.host,
    facts: viewHost(state, nowMs),
    heeds: viewHeeds(event, nowMs),
    models: Object.entries(state.traffic).flatMap(([model, traffic]) => {
      const outlook = outlooks[model];
      if (outlook === undefined) return [];
      const history = histories[model];
      return [
        {
          model,
          shares: viewShares(traffic, outlook),
          versions: viewVersions(traffic, state.seen?.[model] ?? {}, outlook, nowMs),
          rollout: outlook.rollout && viewRollout(outlook.rollout, traffic, nowMs),
          history: history && viewHistory(history, traffic, nowMs),
          watch: viewWatch(outlook, nowMs),
          drift: outlook.drift && viewDrift(outlook.drift, nowMs),
        },
      ];
    }),
    instances: viewInstances(state, nowMs),
    events: viewEvents(state, calls, nowMs),
  };
}

/** Who watches the model, and what its late labels say. */
function viewWatch({ monitored, labels }: ModelOutlook, nowMs: number): readonly Fact[] {
  return [
    ...(monitored === undefined
      ? []
      : [
          {
            name: 'Monitor',
            text: monitored.isFirst
              ? `none has looked yet, in ${formatDuration((nowMs - Date.parse(monitored.at)) / 1_000)}`
              : `looked ${sayAgo(monitored.at, nowMs)}`,
            tone: 'plain',
          } as const,
        ]),
    ...(labels === undefined ? [] : [viewLabels(labels, nowMs)]),
  ];
}

function viewLabels(
  { at, labels, coverage, accuracy, expected, verdict }: NonNullable<ModelOutlook['labels']>,
  nowMs: number,
): Fact {
  const right = accuracy === undefined ? '' : `, ${formatPercent(accuracy)} right`;
  const promised = expected === undefined ? '' : ` (${formatPercent(expected)} promised)`;
  return {
    name: 'Late labels',
    text: `${formatCount(labels)}, for ${formatPercent(coverage)} of the predictions${right}${promised}, judged ${sayAgo(at, nowMs)}`,
    tone: verdict === 'fail' ? 'bad' : 'plain',
  };
}

function viewDrift(drift: NonNullable<ModelOutlook['drift']>, nowMs: number): TableView {
  const { features, tolerance, version, at, judged, batches, openRows, explanation } = drift;
  return {
    caption:
      `Drift of v${version}: ${sayPlain(explanation)} ${formatCount(batches)} batches and ${formatCount(openRows)} rows more, ` +
      `${formatCount(features.length)} of ${formatCount(judged)} histograms, judged ${sayAgo(at, nowMs)}`,
    columns: columns('Feature', 'Verdict', '#Index', '#Tolerance', '#Rows', 'Since'),
    rows: features.map(({ name, verdict, severity, index, rows, since }) => [
      cell(name),
      cell(verdict === 'fail' ? `fail (${severity})` : verdict, toneOf(verdict)),
      cell(index === undefined ? NOTHING_KNOWN : formatDecimal3(index)),
      cell(formatDecimal3(tolerance)),
      cell(rows === undefined ? NOTHING_KNOWN : formatCount(rows)),
      cell(since === undefined ? '' : sayAgo(since, nowMs)),
    ]),
    empty: sayPlain(explanation),
  };
}

function toneOf(verdict: 'pass' | 'fail' | 'inconclusive'): Tone {
  if (verdict === 'fail') return 'bad';
  return verdict === 'pass' ? 'good' : 'plain';
}

/** Indices are small: `0.013`. */
function formatDecimal3(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(3) : formatDecimal(value);
}
