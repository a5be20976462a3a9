import { directionOf } from '../../gate/metrics/metrics.ts';
import type { GateRule } from '../../gate/rules/rule.ts';
import { err, ok, type Result } from '../../result.ts';
import type { CrossProblem } from '../cross-problem.ts';
import { optional } from '../optional.ts';
import type { RawGateEntry } from '../schema/gate.ts';
import { parseDuration, parseSize } from '../schema/quantity.ts';
import { misfit, misfitOf } from './misfit.ts';
import { readMetricEntry } from './read-metric-entry.ts';
import { fairnessMetric, latencyQuantile } from './special-metrics.ts';

type EntryKey = keyof RawGateEntry;

type EntryKind = 'metric' | 'latency' | 'size' | 'fairness' | 'signature' | 'mlflow' | 'examples';

/** The rules an entry stands for, or what is wrong between its keys. */
type ReadEntry = Result<readonly GateRule[], readonly CrossProblem[]>;

const ALLOWED: Readonly<Record<EntryKind, readonly EntryKey[]>> = {
  metric: [
    'metric',
    'class',
    'costs',
    'quantile',
    'floor',
    'ceiling',
    'require',
    'margin',
    'anchor-margin',
    'min-improvement',
    'slices',
    'slice-policy',
    'slice-margin',
  ],
  latency: ['metric', 'at-most'],
  size: ['metric', 'at-most'],
  fairness: ['metric', 'group', 'at-most'],
  signature: ['metric'],
  examples: ['examples'],
  mlflow: ['mlflow', 'threshold', 'min-absolute-change', 'min-relative-change', 'greater-is-better'],
};

const ENTRY_KEYS: readonly EntryKey[] = [...new Set(Object.values(ALLOWED).flat())];

const DEFAULT_FAIRNESS_GAP = 0.1;

const READERS: Readonly<Record<EntryKind, (entry: RawGateEntry, name: string) => ReadEntry>> = {
  metric: readMetricEntry,
  latency: readLatency,
  size: readSize,
  fairness: readFairness,
  signature: () => ok([{ kind: 'signature' }]),
  mlflow: readMlflow,
  examples: (_, path) => ok([{ kind: 'examples', path }]),
};

/**
 * Reads one entry of the gate, once: the schema does, and what it gives is carried on. `{ metric: accuracy, floor: 0.9, require:
 * superior, slices: digit }` is three rules.
 */
export function readGateEntry(entry: RawGateEntry): ReadEntry {
  if (entry.mlflow !== undefined && entry.metric !== undefined) {
    return misfit('mlflow', 'An entry has either `metric` or `mlflow`.', 'Make it two entries.');
  }
  const name = entry.examples ?? entry.mlflow ?? entry.metric;
  if (name === undefined) {
    const remedy = 'Begin it with `metric: accuracy` or another metric, or with `examples: behaviour.csv`.';
    return misfit(undefined, 'This entry names no metric.', remedy);
  }
  const kind = kindOf(entry);
  const misplaced = findMisplaced(entry, kind, name);
  return misplaced.length > 0 ? err(misplaced) : READERS[kind](entry, name);
}

function kindOf({ metric = '', mlflow, examples }: RawGateEntry): EntryKind {
  if (examples !== undefined) return 'examples';
  if (mlflow !== undefined) return 'mlflow';
  if (latencyQuantile(metric) !== undefined) return 'latency';
  if (fairnessMetric(metric) !== undefined) return 'fairness';
  return metric === 'size' || metric === 'signature' ? metric : 'metric';
}

function findMisplaced(entry: RawGateEntry, kind: EntryKind, name: string): readonly CrossProblem[] {
  const allowed = ALLOWED[kind];
  const keys = ENTRY_KEYS.filter((key) => entry[key] !== undefined && !allowed.includes(key));
  const others = allowed.slice(1).map((key) => `\`${key}\``);
  const remedy = others.length === 0 ? `\`${name}\` takes no other keys.` : `It takes ${others.join(', ')}.`;
  return keys.map((key) => misfitOf(key, `\`${key}\` does not go with \`${name}\`.`, remedy));
}

function readLatency(entry: RawGateEntry, name: string): ReadEntry {
  const limit = entry['at-most'];
  if (limit === undefined) return misfit(undefined, `${name} has no limit.`, 'Add `at-most: 50ms`.');
  const seconds = typeof limit === 'string' ? parseDuration(limit) : undefined;
  if (seconds === undefined) {
    return misfit('at-most', `${name} needs a duration.`, 'Write `at-most: 50ms`.');
  }
  const quantile = latencyQuantile(name) ?? 0.95;
  return ok([{ kind: 'latency', quantile, atMostMs: Math.round(seconds * 1e6) / 1e3 }]);
}

function readSize(entry: RawGateEntry): ReadEntry {
  const limit = entry['at-most'];
  const atMostBytes = typeof limit === 'string' ? parseSize(limit) : limit;
  if (atMostBytes === undefined || atMostBytes <= 0) {
    return misfit('at-most', 'size needs a limit.', 'Write `at-most: 200MB`.');
  }
  return ok([{ kind: 'size', atMostBytes }]);
}

function readFairness(entry: RawGateEntry, name: string): ReadEntry {
  const limit = entry['at-most'] ?? DEFAULT_FAIRNESS_GAP;
  if (typeof limit !== 'number' || limit <= 0 || limit >= 1) {
    return misfit('at-most', `${name} needs a gap between 0 and 1.`, 'Write `at-most: 0.1`.');
  }
  if (entry.group === undefined) {
    const message = `${name} compares groups, and none are named.`;
    return misfit(undefined, message, 'Add `group: <column>`.');
  }
  const metric = fairnessMetric(name) ?? 'demographic-parity';
  return ok([{ kind: 'fairness', metric, column: entry.group, limit }]);
}

function readMlflow(entry: RawGateEntry, metric: string): ReadEntry {
  const conditions = {
    ...optional('threshold', entry.threshold),
    ...optional('minAbsoluteChange', entry['min-absolute-change']),
    ...optional('minRelativeChange', entry['min-relative-change']),
  };
  if (Object.keys(conditions).length === 0) {
    const remedy = 'Add `threshold`, `min-absolute-change` or `min-relative-change`.';
    return misfit('mlflow', `${metric} has no condition.`, remedy);
  }
  const direction = directionOf(metric);
  const greaterIsBetter = entry['greater-is-better'] ?? (direction && direction === 'higher');
  if (greaterIsBetter === undefined) {
    const message = `Nothing says which way is better for ${metric}, and a threshold read the wrong way round passes what it is to stop.`;
    return misfit('mlflow', message, 'Add `greater-is-better: true`, or `false` for a loss.');
  }
  return ok([{ kind: 'mlflow', metric, greaterIsBetter, ...conditions }]);
}
