import { formatCount, formatDecimal, formatPercent } from '../../../report/format-number.ts';
import type { Traffic } from '../../api.ts';
import type { TrafficHistory } from '../history.ts';
import { type Arm, type ChartView, cell, columns, type TableView } from './view.ts';
import { chartEvidence } from './view-rollout.ts';
import { sayBad } from './view-versions.ts';
import { NOTHING_KNOWN, sayAgo, sayMs } from './words.ts';

/** What both versions did in the last day, as lines, the rollouts of that time, and the evidence of those that are over, the last one first. */
export type HistoryView = {
  readonly charts: readonly ChartView[];
  readonly rollouts: TableView;
  readonly evidence: readonly ChartView[];
};

const DAY_SECONDS = 86_400;
/** Of a stretch that has just begun no rate can be told: a host at rest counts once a minute. */
const LEAST_SECONDS = 120;
const ARMS = ['stable', 'candidate'] as const satisfies readonly Arm[];
type Stretch = TrafficHistory['stretches'][number];
type ArmHistory = Stretch[Arm];
type Measure = {
  readonly title: string;
  readonly unit: ChartView['unit'];
  readonly of: (arm: ArmHistory, seconds: Stretch['seconds']) => number | null;
  readonly say: (value: number) => string;
};

const MEASURES: readonly Measure[] = [
  {
    title: 'Requests per second',
    unit: 'per-second',
    of: ({ requests }, seconds) => (seconds < LEAST_SECONDS ? null : requests / seconds),
    say: formatDecimal,
  },
  {
    title: 'Errors',
    unit: 'share',
    of: ({ errors, requests }) => (requests === 0 ? null : errors / requests),
    say: formatPercent,
  },
  { title: 'Latency, p95', unit: 'ms', of: ({ latency }) => latency.p95 ?? null, say: sayMs },
];

/** See `HistoryView`. */
export function viewHistory(
  history: TrafficHistory,
  traffic: Traffic | undefined,
  nowMs: number,
): HistoryView {
  const grid = fillGaps(history, nowMs);
  return {
    charts: MEASURES.map((measure) => viewMeasure(measure, grid)),
    rollouts: viewRollouts(history, traffic, nowMs),
    evidence: history.rollouts
      .toReversed()
      .flatMap(({ rollout, evidence }) =>
        evidence === undefined ? [] : [chartEvidence(`Evidence of harm in ${rollout}`, 'Highest', evidence)],
      ),
  };
}

/** A stretch that begins at `x`. */
type GridPoint = { readonly x: number; readonly stretch: Stretch | undefined };

/** Every stretch of the last day, also those of which nothing is known: a line has a gap there. */
function fillGaps({ stretches, stepSeconds }: TrafficHistory, nowMs: number): readonly GridPoint[] {
  const known = new Map(stretches.map((stretch) => [Date.parse(stretch.at) / 1_000, stretch]));
  const count = Math.ceil(DAY_SECONDS / stepSeconds);
  const last = Math.floor(nowMs / 1_000 / stepSeconds) * stepSeconds;
  return Array.from({ length: count }, (_, index) => {
    const x = last - (count - 1 - index) * stepSeconds;
    return { x, stretch: known.get(x) };
  });
}

function viewMeasure({ title, unit, of, say }: Measure, grid: readonly GridPoint[]): ChartView {
  const values = (arm: Arm) =>
    grid.map(({ stretch }) =>
      // A candidate without requests is none.
      stretch === undefined || stretch[arm].requests === 0 ? null : of(stretch[arm], stretch.seconds),
    );
  const lines = ARMS.map((arm) => ({ name: arm, arm, values: values(arm) })).filter(
    (line) => line.arm === 'stable' || line.values.some((value) => value !== null),
  );
  const told = lines.flatMap((line) => {
    const numbers = line.values.filter((value) => value !== null);
    if (numbers.length === 0) return [];
    return [`${line.name} ${say(Math.min(...numbers))} to ${say(Math.max(...numbers))}`];
  });
  return {
    title,
    xs: grid.map(({ x }) => x),
    lines,
    unit,
    summary: told.length === 0 ? 'Nothing was asked.' : `${told.join('; ')}.`,
    table: tabulate(title, grid, lines, say),
  };
}

/** Hour by hour: as much as is read aloud. */
function tabulate(
  title: string,
  grid: readonly GridPoint[],
  lines: ChartView['lines'],
  say: (value: number) => string,
): TableView {
  const hours = new Map<number, number[]>();
  for (const [index, { x }] of grid.entries()) {
    const hour = Math.floor(x / 3_600) * 3_600;
    hours.set(hour, [...(hours.get(hour) ?? []), index]);
  }
  return {
    caption: `${title}, highest of each hour`,
    columns: columns('Hour', ...lines.map(({ name }) => `#${name}`)),
    rows: [...hours].map(([hour, indexes]) => [
      cell(new Date(1_000 * hour).toISOString().slice(0, 16).replace('T', ' ')),
      ...lines.map(({ values }) => {
        const numbers = indexes.map((index) => values[index] ?? null).filter((value) => value !== null);
        return cell(numbers.length === 0 ? NOTHING_KNOWN : say(Math.max(...numbers)));
      }),
    ]),
    empty: 'Nothing was asked.',
  };
}

function viewRollouts({ rollouts }: TrafficHistory, traffic: Traffic | undefined, nowMs: number): TableView {
  const brakes = [...(traffic?.braked ?? []), ...(traffic?.brake === undefined ? [] : [traffic.brake])];
  return {
    caption: 'Rollouts, as counted in the last day',
    columns: columns(
      'Rollout',
      'Last poll',
      '#Reached',
      '#Candidate requests',
      '#Errors',
      '#Stable errors',
      'Here',
    ),
    rows: rollouts.toReversed().map(({ rollout, to, percent, candidate, stable }) => {
      const brake = brakes.find((one) => one.rollout === rollout);
      const isNow = traffic?.lease?.rollout === rollout;
      return [
        cell(rollout),
        cell(sayAgo(to, nowMs)),
        cell(formatPercent(percent / 100)),
        cell(formatCount(candidate.requests)),
        cell(sayBad(candidate.errors, candidate.requests)),
        cell(sayBad(stable.errors, stable.requests)),
        cell(
          brake === undefined ? (isNow ? 'in progress' : 'over') : `braked: ${brake.code}`,
          brake ? 'bad' : 'plain',
        ),
      ];
    }),
    empty: 'No rollout was seen here in the last day.',
  };
}
