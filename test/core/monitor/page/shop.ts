import { DEFAULT_DRIFT_OPTIONS } from '../../../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../../../core/drift/judge-drift.ts';
import { buildCohorts, type LabelCount } from '../../../../core/drift/labels/build-cohorts.ts';
import { judgeLabels, type LabelJudgement } from '../../../../core/drift/labels/judge-labels.ts';
import type { ProfileFeature, ReferenceProfile } from '../../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../../core/drift/window.ts';
import type { LedgerEvent } from '../../../../core/ledger/event.ts';
import type { RolloutOutcome } from '../../../../core/ledger/state.ts';
import { decideMonitor } from '../../../../core/monitor/decide-monitor.ts';
import { sumHours } from '../../../../core/monitor/evidence/sum-hours.ts';
import { sumUp } from '../../../../core/monitor/evidence/sum-up.ts';
import type { PageSubject } from '../../../../core/monitor/page/page-subject.ts';
import type { Observation } from '../../../../core/rollout/evidence/observation.ts';
import { addByHour, type HourCounts, listHours } from '../../../../core/serving/hour-counts.ts';
import { hostIdOf } from '../../../fixtures/host-id-of.ts';
import { input, ledgerOf, PACKAGE, POLICY } from '../support.ts';

const HOST = { host: 'serve-1', hostId: hostIdOf('serve-1') };
const DAY_MS = 86_400_000;
export const FIRST = Date.parse('2026-03-01T00:00:00Z');
/** The day, counted from the first, on which values began to shift; so many days were served. */
export const SHIFT_DAY = 20;
export const DAYS = 24;
export const NOW = '2026-03-25T00:05:00Z';
const ROWS = 4_000;
const MATURITY_SECONDS = 10 * 86_400;
/** What the days of training look like, each a little different. */
const BLOCKS = 20;

/** A shop that was imagined: which features it has, which of them shift, and by how much. */
export type Shop = {
  readonly features: readonly Pick<ProfileFeature, 'name' | 'kind' | 'categories' | 'edges'>[];
  readonly shifted: readonly string[];
  readonly share: number;
  readonly classes: readonly [string, string];
  readonly explanation: string;
};

const EDGES = [10, 20, 30, 45, 60, 80, 110, 160, 240];
export const SHOP: Shop = {
  features: [
    { name: 'amount', kind: 'numeric', edges: EDGES },
    { name: 'age', kind: 'numeric', edges: EDGES },
    { name: 'country', kind: 'categorical', categories: ['DE', 'FR', 'GB', 'US'] },
    { name: 'photo/brightness', kind: 'scalar', edges: EDGES },
    { name: 'photo/projection-7', kind: 'projection', edges: EDGES },
  ],
  shifted: ['amount', 'photo/projection-7'],
  share: 0.09,
  classes: ['no', 'yes'],
  explanation: 'Train again. Feature `amount` moved.',
};

/** A page of that shop on the day after the last. */
export function pageOf(over: Partial<Shop> = {}, inputs: Partial<PageSubject> = {}): PageSubject {
  const shop = { ...SHOP, ...over };
  const profile = profileOf(shop);
  const windows = Array.from({ length: DAYS }, (_, day) => windowOf(shop, day));
  const labels = Array.from({ length: 18 }, (_, day) => labelsOf(day)).flat();
  const policy = { ...POLICY, labels: { maturitySeconds: MATURITY_SECONDS } };
  const drift = judgeDrift(profile, windows, { ...DEFAULT_DRIFT_OPTIONS, until: NOW });
  const fastLane = judgeFastLane(profile, windows, { ...DEFAULT_FAST_LANE_OPTIONS, until: NOW });
  const late = judgeLate(profile, windows, labels);
  const judged = { profile, drift, labels: late, warn: 0.1, maturitySeconds: MATURITY_SECONDS };
  const hours = new Map<string, HourCounts>();
  addByHour(hours, observe());
  const told = { windows, hours: sumHours([listHours(hours)]), labels };
  const evidence = sumUp(told, { champion: '7', now: NOW, judged });
  const champion = { version: '7', package: PACKAGE, at: '2026-03-01T08:00:00Z' };
  const ledger = ledgerOf({ champion, previous: { ...champion, version: '6' }, history: HISTORY });
  const checked = input({
    now: NOW,
    ledger,
    policy,
    drift,
    fastLane,
    labels: late,
    accuracy: UNKNOWN_ACCURACY,
    hosts: [HOST_UP],
    lastRun: { kind: 'first' },
  });
  return {
    ...{ decision: decideMonitor(checked), input: checked, evidence },
    ...{ events: judgedEvents(shop.explanation), runUrl: 'https://github.com/shop/model/actions/runs/7' },
    ...inputs,
  };
}

function judgeLate(
  { prediction }: ReferenceProfile,
  windows: readonly CaptureWindow[],
  labels: readonly LabelCount[],
): LabelJudgement {
  const bins = prediction.kind === 'classes' ? prediction.confidence : undefined;
  if (bins === undefined) throw new Error('The shop has confidences.');
  const cohorts = buildCohorts(windows, labels, bins.total.length);
  return judgeLabels(bins, cohorts, {
    now: NOW,
    maturitySeconds: MATURITY_SECONDS,
    falseAlarmSeconds: 365 * 86_400,
  });
}

const UNKNOWN_ACCURACY = {
  kind: 'suppressed',
  code: 'input-alarm',
  explanation: 'No accuracy estimate: inputs have drifted.',
} as const;
const HOST_UP = { host: 'serve-1', lastSeenAt: NOW, serving: { version: '7', package: PACKAGE } };

const HISTORY: readonly RolloutOutcome[] = [
  {
    rollout: 'r7',
    version: '7',
    outcome: 'promoted',
    at: '2026-03-01T08:00:00Z',
    explanation: 'All stages passed.',
  },
  {
    rollout: 'r8',
    version: '8',
    outcome: 'rolled-back',
    at: '2026-03-14T10:00:00Z',
    code: 'harm',
    explanation: 'More errors than version 7.',
  },
];

function profileOf({ features, classes }: Shop): ReferenceProfile {
  return {
    ...{ schema: 'trainyard.profile/1', model: 'demo', version: '7', created: '2026-02-28T00:00:00Z' },
    rows: 20_000,
    features: features.map((feature) => {
      const blocks = Array.from({ length: BLOCKS }, (_, day) => countsOf(feature, 1_000, day, 0));
      return {
        ...feature,
        counts: countsOf(feature, 20_000, 0, 0),
        missing: 100,
        min: 0,
        max: 1_000,
        blocks,
      };
    }),
    prediction: {
      ...{ kind: 'classes', classes: [...classes], counts: [12_000, 8_000] },
      confidence: {
        edges: [0.5, 0.7, 0.9],
        total: [2_000, 4_000, 6_000, 8_000],
        correct: [1_100, 2_800, 5_100, 7_700],
      },
      blocks: Array.from({ length: BLOCKS }, (_, day) => [600 + (day % 3), 400 - (day % 3)]),
    },
  };
}

/** Even counts with a wobble that differs from day to day, and a share moved from the first bin to the last. */
function countsOf(
  { categories, edges }: Pick<ProfileFeature, 'categories' | 'edges'>,
  rows: number,
  day: number,
  share: number,
): number[] {
  const bins = categories === undefined ? (edges?.length ?? 0) + 1 : categories.length;
  const even = Array.from({ length: bins }, (_, bin) =>
    Math.round(rows / bins + 0.002 * rows * Math.sin(day + 2 * bin)),
  );
  even[0] = (even[0] ?? 0) - Math.round(share * rows);
  even[bins - 1] = (even[bins - 1] ?? 0) + Math.round(share * rows);
  return categories === undefined ? even : [...even, 0, 0];
}

function windowOf({ features, shifted, share }: Shop, day: number): CaptureWindow {
  const rows = ROWS + Math.round(600 * Math.sin(day));
  const moved = (name: string) =>
    shifted.includes(name) && day >= SHIFT_DAY ? share * Math.min(1, (day - SHIFT_DAY + 2) / 3) : 0;
  const missing = day > 15 ? 60 : 20;
  const counted = features.map((feature) => [
    feature.name,
    {
      counts: countsOf(feature, rows - missing, day + 40, moved(feature.name)),
      missing,
      below: 0,
      above: day % 4,
      unseen: 0,
    },
  ]);
  return {
    ...{ schema: 'trainyard.window/1', ...HOST, model: 'demo', version: '7', seq: day },
    from: new Date(FIRST + day * DAY_MS).toISOString(),
    to: new Date(FIRST + (day + 1) * DAY_MS).toISOString(),
    n: rows,
    features: Object.fromEntries(counted),
    prediction: {
      counts: [Math.round(0.6 * rows), rows - Math.round(0.6 * rows)],
      confidence: [0.1, 0.2, 0.3].map((part) => Math.round(part * rows)).concat(Math.round(0.4 * rows)),
    },
    ...{ invalid: day === 12 ? 9 : 0, refused: day % 5 },
  };
}

function labelsOf(day: number): readonly LabelCount[] {
  const of = new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
  const share = 0.5 * Math.min(1, (DAYS - day) / 12);
  return [0.55, 0.7, 0.85, 0.96].map((right, bin) => {
    const labelled = Math.round(
      share * [400, 800, 1_200, 1_600].reduce((kept, rows, at) => (at === bin ? rows : kept), 0),
    );
    return { day: of, bin, labelled, correct: Math.round(labelled * right) };
  });
}

function observe(): readonly Observation[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const requests = 170 + Math.round(60 * Math.sin(hour / 4));
    const none = { requests: 0, errors: 0, unanswered: 0, refused: 0, invalid: 0 };
    const edges = [5, 10, 20, 40, 80, 160];
    const slow = hour === 17 ? 30 : 4;
    return {
      ...{ ...HOST, seq: hour, seconds: 3_600, stage: 0, weights: { candidate: 0 } },
      at: new Date(Date.parse('2026-03-24T00:30:00Z') + hour * 3_600_000).toISOString(),
      candidate: { ...none, latency: { edges, counts: [0, 0, 0, 0, 0, 0, 0] } },
      stable: {
        ...{ ...none, requests, errors: hour === 17 ? 6 : 0, refused: 1 },
        latency: { edges, counts: [20, requests - 60 - slow, 30, 10, slow, 0, 0] },
      },
    };
  });
}

function judgedEvents(explanation: string): readonly LedgerEvent[] {
  const at = ['2026-03-13T00:10:00Z', '2026-03-15T00:10:00Z', '2026-03-22T00:10:00Z'] as const;
  const said = [
    ['investigate', 'Needs a look. Host serve-2 could not be asked.'],
    ['none', 'All is well.'],
    ['retrain', explanation],
  ] as const;
  return said.map(([action, text], index) => ({
    ...{ v: 1, id: `monitor-${index}`, at: at[index] ?? NOW, model: 'demo', actor: 'github-actions' },
    cause: { kind: 'schedule', id: `schedule-${index}` },
    workflow: { repository: 'shop/model', run: String(index), attempt: 1, sha: 'a'.repeat(40) },
    kind: 'monitor.judged',
    data: { action, environment: 'production', codes: [], explanation: text },
  }));
}
