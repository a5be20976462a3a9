import { epochMs } from '../instant.ts';
import { formatCount, formatPercent } from '../report/format-number.ts';
import { shareAtMost } from '../statistics/intervals/clopper-pearson.ts';
import {
  addToRateDetector,
  logMean,
  type RateDetector,
  startRateDetector,
} from '../statistics/sequential/shiryaev-roberts.ts';
import type { Verdict } from '../verdict.ts';
import { watchedFeatures } from './left-out.ts';
import { type FastFinding, findConstantPrediction } from './prediction-checks.ts';
import type { ProfileFeature, ReferenceProfile } from './profile.ts';
import { findSilence } from './silence.ts';
import { isDerived } from './together.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from './window.ts';

const YEAR_SECONDS = 365 * 86_400;
const LARGEST_LIMIT = 0.9;
/** Share of deployments in which any rate of the reference is taken for lower than it is, because the reference is small. */
const REFERENCE_ALPHA = 0.01;
const SMALLEST_RISE = 0.005;
const RELATIVE_RISE = 0.5;

/** Missing values, and what the reference never held. */
const CHECKS_PER_FEATURE = 2;

/** What the fast lane watches: each a rate that should not rise above the reference. */
type FastCode = 'missing-values' | 'out-of-range' | 'unseen-category' | 'invalid-output';

type FastLaneOptions = {
  /** Length of a check; windows are added up over it. Shorter than most windows changes nothing. */
  readonly checkSeconds: number;
  /** Features, or columns of texts, that are not watched. */
  readonly leaveOut?: readonly string[];
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
 * half of it, at least 0.5 points, and no lower than what so many rows of the reference leave possible.
 * Assumes: rows are independent. Of a number the rows beyond the reference's range are as if one of its own had been; categories that it
 * never saw are as many as those that one of its rows holds alone, as if these were independent.
 * Reference: see `startRateDetector` and `shareAtMost`; Wilks, "Determination of sample sizes for setting tolerance limits" (Annals of
 * Mathematical Statistics, 1941), by which the share outside the range of n numbers follows Beta(2, n - 1); Good, "The population
 * frequencies of species and the estimation of population parameters" (Biometrika, 1953).
 * Vector: test/core/drift/fast-lane.test.ts; measure/simulate/fast-lane.ts, row 25 of docs/decisions.md.
 */
export function judgeFastLane(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
  options: FastLaneOptions,
): FastLaneJudgement {
  const counted = mergeWindows(windows.filter(hasTimes)).filter(
    ({ model, n }) => model === profile.model && Number.isSafeInteger(n),
  );
  const ours = counted.filter(({ version }) => version === profile.version);
  const checks = listChecks(watchedFeatures(profile, options).filter((feature) => !isDerived(feature)));
  const groups = [
    ...Map.groupBy(ours, ({ from }) => Math.floor(epochMs(from) / (1000 * options.checkSeconds))).values(),
  ];
  const logThreshold = Math.log((YEAR_SECONDS / options.checkSeconds) * Math.max(1, checks.length));
  const findings = [
    ...checks.flatMap((check) => followRate(check, groups, logThreshold) ?? []),
    ...[
      findConstantPrediction(profile, ours),
      findSilence(counted, { version: profile.version, until: options.until }),
    ].filter((finding) => finding !== undefined),
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

/** How often something was seen on the reference, or as good as seen. */
type Seen = { readonly count: number; readonly trials: number };

function listChecks(watched: readonly ProfileFeature[]): readonly RateCheck[] {
  const alpha = REFERENCE_ALPHA / Math.max(1, CHECKS_PER_FEATURE * watched.length);
  const perFeature = watched.flatMap((feature): readonly RateCheck[] => {
    const { name, missing, once } = feature;
    const binned = feature.counts.reduce((sum, count) => sum + count, 0);
    const rate = (code: FastCode, limit: number, bad: (window: WindowCounts) => number) => ({
      code,
      metric: name,
      limit,
      count: (window: CaptureWindow) => {
        const found = window.features[name];
        return found === undefined ? { requests: 0, bad: 0 } : { requests: window.n, bad: bad(found) };
      },
    });
    const rare = once ?? feature.rare?.length ?? 0;
    return [
      rate(
        'missing-values',
        limitOf({ count: missing, trials: binned + missing }, alpha),
        (found) => found.missing,
      ),
      feature.kind === 'categorical'
        ? rate('unseen-category', limitOf({ count: rare, trials: binned }, alpha), ({ unseen }) => unseen)
        : rate('out-of-range', outsideLimit(binned, alpha), ({ below, above }) => below + above),
    ];
  });
  const invalid: RateCheck = {
    code: 'invalid-output',
    metric: 'prediction',
    limit: riseFrom(0),
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

function limitOf(seen: Seen, alpha: number): number {
  if (seen.trials === 0) return riseFrom(0);
  return Math.max(riseFrom(seen.count / seen.trials), shareAtMost(seen, alpha));
}

/** None of the reference is outside its own range. */
function outsideLimit(trials: number, alpha: number): number {
  return Math.max(riseFrom(0), shareAtMost({ count: 1, trials }, alpha));
}

function riseFrom(reference: number): number {
  return reference + Math.max(SMALLEST_RISE, RELATIVE_RISE * reference);
}

function addCounts(left: Count, right: Count): Count {
  return { requests: left.requests + right.requests, bad: left.bad + right.bad };
}

function isUsable({ requests, bad }: Count): boolean {
  return Number.isSafeInteger(requests) && Number.isSafeInteger(bad) && bad >= 0 && bad <= requests;
}
