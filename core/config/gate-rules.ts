import { defaultMargin } from '../gate/metrics/metrics.ts';
import type { GateRule, LatencyRule, Margin } from '../gate/rules/rule.ts';
import type { RawGateEntry } from './schema/gate.ts';
import { parseDuration, parseSize } from './schema/quantity.ts';

type EntryKey = keyof RawGateEntry;

type EntryProblem = {
  readonly key: EntryKey | undefined;
  readonly message: string;
  readonly remedy: string;
};

/** The rules one entry stands for; none when there are problems. A problem is at one key, or with the entry as a whole. */
type ReadEntry = { readonly rules: readonly GateRule[]; readonly problems: readonly EntryProblem[] };

type Kind = 'metric' | 'latency' | 'size' | 'fairness' | 'signature' | 'mlflow';

const ALLOWED: Readonly<Record<Kind, readonly EntryKey[]>> = {
  metric: [
    'metric',
    'floor',
    'ceiling',
    'require',
    'margin',
    'min-improvement',
    'slices',
    'slice-policy',
    'slice-margin',
  ],
  latency: ['metric', 'at-most', 'max-ratio'],
  size: ['metric', 'at-most'],
  fairness: ['metric', 'group', 'at-most'],
  signature: ['metric'],
  mlflow: ['mlflow', 'threshold', 'min-absolute-change', 'min-relative-change', 'greater-is-better'],
};

const DEFAULT_FAIRNESS_GAP = 0.1;
const QUANTILES: Readonly<Record<string, LatencyRule['quantile']>> = {
  'latency-p50': 0.5,
  'latency-p95': 0.95,
  'latency-p99': 0.99,
};

/** Metric names that are no metric of the holdout. */
export const SPECIAL_METRICS = [
  ...Object.keys(QUANTILES),
  'size',
  'demographic-parity',
  'equalized-odds',
  'signature',
];

/** Whether a rule of this metric limits what the built package costs to serve. */
export function isBudgetMetric(name: string): boolean {
  return Object.hasOwn(QUANTILES, name) || name === 'size';
}

/** Reads one entry: `{ metric: accuracy, floor: 0.9, require: superior, slices: digit }` is three rules. */
export function readGateEntry(entry: RawGateEntry): ReadEntry {
  if (entry.mlflow !== undefined && entry.metric !== undefined) {
    return refuse('mlflow', 'An entry has either `metric` or `mlflow`.', 'Make it two entries.');
  }
  const name = entry.mlflow ?? entry.metric;
  if (name === undefined) {
    return refuse(
      undefined,
      'This entry names no metric.',
      'Begin it with `metric: accuracy` or another metric.',
    );
  }
  const kind = kindOf(entry);
  const misplaced = findMisplaced(entry, kind, name);
  if (misplaced.length > 0) return { rules: [], problems: misplaced };
  return READERS[kind](entry, name);
}

const READERS: Readonly<Record<Kind, (entry: RawGateEntry, name: string) => ReadEntry>> = {
  metric: readMetric,
  latency: readLatency,
  size: readSize,
  fairness: readFairness,
  signature: () => accept([{ kind: 'signature' }]),
  mlflow: readMlflow,
};

function kindOf({ metric = '', mlflow }: RawGateEntry): Kind {
  if (mlflow !== undefined) return 'mlflow';
  if (Object.hasOwn(QUANTILES, metric)) return 'latency';
  if (metric === 'demographic-parity' || metric === 'equalized-odds') return 'fairness';
  return metric === 'size' || metric === 'signature' ? metric : 'metric';
}

function findMisplaced(entry: RawGateEntry, kind: Kind, name: string): readonly EntryProblem[] {
  const allowed = ALLOWED[kind];
  const keys = entryKeys.filter((key) => entry[key] !== undefined && !allowed.includes(key));
  return keys.map((key) => ({
    key,
    message: `\`${key}\` does not go with \`${name}\`.`,
    remedy:
      allowed.length === 1
        ? `\`${name}\` takes no other keys.`
        : `It takes ${allowed
            .slice(1)
            .map((one) => `\`${one}\``)
            .join(', ')}.`,
  }));
}

const entryKeys: readonly EntryKey[] = [...new Set([...Object.values(ALLOWED).flat()])];

function readMetric(entry: RawGateEntry, metric: string): ReadEntry {
  const problems = findMetricProblems(entry);
  if (problems.length > 0) return { rules: [], problems };
  const { floor, ceiling, slices } = entry;
  const margin = entry.margin ?? defaultMargin(metric);
  const rules: GateRule[] = [];
  if (floor !== undefined || ceiling !== undefined) {
    rules.push({ kind: 'floor', metric, ...defined({ floor, ceiling }) });
  }
  const bare = rules.length === 0 && slices === undefined;
  if (entry.require !== undefined || entry.margin !== undefined || bare) {
    rules.push(compareRule(entry, metric, margin));
  }
  for (const column of slices ?? []) {
    rules.push({
      kind: 'slices',
      metric,
      column,
      policy: entry['slice-policy'] ?? 'guard',
      margin: entry['slice-margin'] ?? margin,
    });
  }
  return accept(rules);
}

function compareRule(entry: RawGateEntry, metric: string, margin: Margin): GateRule {
  const minImprovement = entry['min-improvement'];
  return {
    kind: 'compare',
    metric,
    require: entry.require ?? 'non-inferior',
    margin,
    ...defined({ minImprovement }),
  };
}

function findMetricProblems(entry: RawGateEntry): readonly EntryProblem[] {
  const problems: EntryProblem[] = [];
  const { floor, ceiling } = entry;
  if (floor !== undefined && ceiling !== undefined && floor > ceiling) {
    problems.push({
      key: 'floor',
      message: `The floor ${floor} lies above the ceiling ${ceiling}: nothing can pass.`,
      remedy: 'Keep the one that fits the metric: a floor for scores, a ceiling for losses.',
    });
  }
  if (entry.require === 'superior' && entry.margin !== undefined && entry.slices === undefined) {
    problems.push({
      key: 'margin',
      message:
        'A margin says how much worse is still acceptable, and `require: superior` accepts nothing worse.',
      remedy: 'Use `min-improvement` for how much better it must be, or `require: non-inferior`.',
    });
  }
  if (entry['min-improvement'] !== undefined && entry.require !== 'superior') {
    problems.push({
      key: 'min-improvement',
      message: '`min-improvement` asks for a better model.',
      remedy: 'Add `require: superior`, or leave it out.',
    });
  }
  for (const key of ['slice-policy', 'slice-margin'] as const) {
    if (entry[key] !== undefined && entry.slices === undefined) {
      problems.push({
        key,
        message: `\`${key}\` needs slices.`,
        remedy: 'Add `slices: <column>`, or leave it out.',
      });
    }
  }
  return problems;
}

function readLatency(entry: RawGateEntry, name: string): ReadEntry {
  const limit = entry['at-most'];
  const maxRatio = entry['max-ratio'];
  const seconds = typeof limit === 'string' ? parseDuration(limit) : undefined;
  if (limit !== undefined && seconds === undefined) {
    return refuse('at-most', `${name} needs a duration.`, 'Write `at-most: 50ms`.');
  }
  if (seconds === undefined && maxRatio === undefined) {
    return refuse(undefined, `${name} has no limit.`, 'Add `at-most: 50ms`.');
  }
  const atMostMs = seconds === undefined ? undefined : Math.round(seconds * 1e6) / 1e3;
  const quantile = QUANTILES[name] ?? 0.95;
  return accept([{ kind: 'latency', quantile, ...defined({ atMostMs, maxRatio }) }]);
}

function readSize(entry: RawGateEntry): ReadEntry {
  const limit = entry['at-most'];
  const atMostBytes = typeof limit === 'string' ? parseSize(limit) : limit;
  if (atMostBytes === undefined || atMostBytes <= 0) {
    return refuse('at-most', 'size needs a limit.', 'Write `at-most: 200MB`.');
  }
  return accept([{ kind: 'size', atMostBytes }]);
}

function readFairness(entry: RawGateEntry, name: string): ReadEntry {
  const limit = entry['at-most'] ?? DEFAULT_FAIRNESS_GAP;
  if (typeof limit !== 'number' || limit <= 0 || limit >= 1) {
    return refuse('at-most', `${name} needs a gap between 0 and 1.`, 'Write `at-most: 0.1`.');
  }
  if (entry.group === undefined) {
    return refuse(undefined, `${name} compares groups, and none are named.`, 'Add `group: <column>`.');
  }
  const metric = name === 'equalized-odds' ? 'equalized-odds' : 'demographic-parity';
  return accept([{ kind: 'fairness', metric, column: entry.group, limit }]);
}

function readMlflow(entry: RawGateEntry, metric: string): ReadEntry {
  const conditions = {
    threshold: entry.threshold,
    minAbsoluteChange: entry['min-absolute-change'],
    minRelativeChange: entry['min-relative-change'],
  };
  if (Object.values(conditions).every((condition) => condition === undefined)) {
    return refuse(
      'mlflow',
      `${metric} has no condition.`,
      'Add `threshold`, `min-absolute-change` or `min-relative-change`.',
    );
  }
  const greaterIsBetter = entry['greater-is-better'] ?? true;
  return accept([{ kind: 'mlflow', metric, greaterIsBetter, ...defined(conditions) }]);
}

function accept(rules: readonly GateRule[]): ReadEntry {
  return { rules, problems: [] };
}

function refuse(key: EntryKey | undefined, message: string, remedy: string): ReadEntry {
  return { rules: [], problems: [{ key, message, remedy }] };
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The entries that have a value: what exact optional properties want. */
function defined<T extends Readonly<Record<string, number | undefined>>>(values: T): Defined<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
