import { epochMs } from '../instant.ts';
import { formatCount, formatPercent } from '../report/format-number.ts';
import {
  addToRateDetector,
  logMean,
  type RateDetector,
  startRateDetector,
} from '../statistics/sequential/shiryaev-roberts.ts';
import type { Verdict } from '../verdict.ts';
import { type FastFinding, findConstantPrediction, findSilence } from './prediction-checks.ts';
import type { ReferenceProfile } from './profile.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from './window.ts';

const YEAR_SECONDS = 365 * 86_400;
const LARGEST_LIMIT = 0.9;
const SMALLEST_RISE = 0.005;
const RELATIVE_RISE = 0.5;

/** What the fast lane watches: each a rate that should not rise above the reference. */
type FastCode = 'missing-values' | 'out-of-range' | 'unseen-category' | 'invalid-output';

type FastLaneOptions = {
  /** Length of a check; windows are added up over it. Shorter than most windows changes nothing. */
  readonly checkSeconds: number;
  /** Up to when traffic is expected; the end of the last window unless told. */
  readonly until?: string;
};

/** Checks every five minutes. */
export const DEFAULT_FAST_LANE_OPTIONS: FastLaneOptions = { checkSeconds: 300 };

/** What is wrong now that no day needs to pass for: rates above their limit, a constant prediction, no traffic. */
export type FastLaneJudgement = {
  readonly verdict: Verdict;
  readonly findings: readonly FastFinding[];
  /** Start of the first window in which this version was asked anything. */
  readonly from?: string;
  readonly detectors: number;
  readonly rows: number;
};

type Count = { readonly requests: number; readonly bad: number };

type RateCheck = {
  readonly code: FastCode;
  readonly metric: string;
  readonly limit: number;
  readonly count: (window: CaptureWindow) => Count;
};

/**
 * Runs one restartable detector per rate over the windows, oldest first. An alarm stands until a check is back below the limit.
 *
 * Claim: together they raise at most about one false alarm a year while every rate stays within its limit, which is the reference plus
 * half of it, at least 0.5 points.
 * Assumes: rows are independent, and the reference's rates are exact: a small holdout's own error is not counted.
 * Reference: see `startRateDetector`.
 * Vector: test/core/drift/fast-lane.test.ts.
 */
export function judgeFastLane(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  options: FastLaneOptions,
): FastLaneJudgement {
  const ours = mergeWindows(windows.filter(hasTimes)).filter(
    ({ model, version, n }) =>
      model === profile.model && version === profile.version && Number.isSafeInteger(n),
  );
  const checks = listChecks(profile);
  const groups = [
    ...Map.groupBy(ours, ({ from }) => Math.floor(epochMs(from) / (1000 * options.checkSeconds))).values(),
  ];
  const logThreshold = Math.log((YEAR_SECONDS / options.checkSeconds) * Math.max(1, checks.length));
  const findings = [
    ...checks.flatMap((check) => followRate(check, groups, logThreshold) ?? []),
    ...[findConstantPrediction(profile, ours), findSilence(ours, options.until)].filter(
      (finding) => finding !== undefined,
    ),
  ];
  const rows = ours.reduce((sum, { n }) => sum + n, 0);
  const clear: Verdict = rows === 0 ? 'inconclusive' : 'pass';
  const from = ours.find(({ n }) => n > 0)?.from;
  return {
    verdict: findings.length > 0 ? 'fail' : clear,
    findings,
    ...(from && { from }),
    detectors: checks.length,
    rows,
  };
}

function followRate(
  check: RateCheck,
  groups: readonly (readonly CaptureWindow[])[],
  logThreshold: number,
): FastFinding | undefined {
  let detector: RateDetector = startRateDetector(check.limit);
  let standing: { since: string; total: Count } | undefined;
  for (const group of groups) {
    const batch = group.map(check.count).filter(isUsable).reduce(addCounts, { requests: 0, bad: 0 });
    if (batch.requests === 0) continue;
    detector = addToRateDetector(detector, batch, check.limit);
    const isBack = batch.bad / batch.requests <= check.limit;
    if (isBack) standing = undefined;
    else if (standing !== undefined) standing.total = addCounts(standing.total, batch);
    if (logMean(detector) < logThreshold) continue;
    if (!isBack) standing ??= { since: group[0]?.from ?? '', total: batch };
    detector = startRateDetector(check.limit);
  }
  return standing && describeRate(check, standing);
}

function describeRate(
  { code, metric, limit }: RateCheck,
  { since, total }: { readonly since: string; readonly total: Count },
): FastFinding {
  const observed = total.bad / total.requests;
  const message =
    `${WORDS[code](metric)} in ${formatPercent(observed)} of ${formatCount(total.requests)} predictions since ${since}; ` +
    `the limit is ${formatPercent(limit)}.`;
  return { code, metric, message, observed, limit, sampleSize: total.requests, since };
}

const WORDS: Readonly<Record<FastCode, (metric: string) => string>> = {
  'missing-values': (metric) => `\`${metric}\` is missing`,
  'out-of-range': (metric) => `\`${metric}\` is outside the range of training`,
  'unseen-category': (metric) => `\`${metric}\` holds categories training never saw`,
  'invalid-output': () => 'The answer is not valid',
};

function listChecks(profile: ReferenceProfile): readonly RateCheck[] {
  const perFeature = profile.features.flatMap((feature): readonly RateCheck[] => {
    const { name, counts } = feature;
    const binned = counts.reduce((sum, count) => sum + count, 0);
    const rows = binned + feature.missing;
    const rate = (code: FastCode, reference: number, bad: (window: WindowCounts) => number) => ({
      code,
      metric: name,
      limit: limitOf(reference),
      count: (window: CaptureWindow) => {
        const found = window.features[name];
        return found === undefined ? { requests: 0, bad: 0 } : { requests: window.n, bad: bad(found) };
      },
    });
    const isCategorical = feature.kind === 'categorical';
    return [
      rate('missing-values', rows === 0 ? 0 : feature.missing / rows, ({ missing }) => missing),
      isCategorical
        ? rate('unseen-category', binned === 0 ? 0 : (counts.at(-1) ?? 0) / binned, ({ unseen }) => unseen)
        : rate('out-of-range', 0, ({ below, above }) => below + above),
    ];
  });
  const invalid: RateCheck = {
    code: 'invalid-output',
    metric: 'prediction',
    limit: limitOf(0),
    count: (window) => ({ requests: window.n, bad: window.invalid }),
  };
  return [...perFeature, invalid].filter(({ limit }) => limit < LARGEST_LIMIT);
}

type WindowCounts = {
  readonly missing: number;
  readonly below: number;
  readonly above: number;
  readonly unseen: number;
};

function limitOf(reference: number): number {
  return reference + Math.max(SMALLEST_RISE, RELATIVE_RISE * reference);
}

function addCounts(left: Count, right: Count): Count {
  return { requests: left.requests + right.requests, bad: left.bad + right.bad };
}

function isUsable({ requests, bad }: Count): boolean {
  return Number.isSafeInteger(requests) && Number.isSafeInteger(bad) && bad >= 0 && bad <= requests;
}
