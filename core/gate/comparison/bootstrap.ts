import { err, ok, type Result } from '../../result.ts';
import { normalQuantile } from '../../statistics/distributions/normal.ts';
import { bootstrap, bootstrapP } from '../../statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../statistics/random/random-stream.ts';
import type { Interval } from '../../verdict.ts';
import type { SampleMetric, Undefined } from '../metrics/metric.ts';
import type { Pair } from '../predictions.ts';
import { type CompareOptions, type Difference, MIN_GROUPS, tooFewGroups } from './comparison.ts';
import { planResampling } from './plan-resampling.ts';

/** Draws of a comparison that shares its error with few others. */
export const RESAMPLES = 2000;
/** Draws for each test that shares the error, so that the smallest p, times their number, is half of the 5%. */
const DRAWS_PER_TEST = 40;
/** Only a p this small is drawn for more exactly. */
const REFINE_BELOW = 0.01;
/** Draws for each 1 / alpha of a bound, so that it lies well inside of what was drawn. */
const DRAWS_PER_ALPHA = 20;
const MOST_FOR_A_BOUND = 20_000;

/** The difference of a metric of the whole sample, `estimate`, with bounds by drawing the same rows of both models again and again. */
export function compareByBootstrap(
  metric: SampleMetric,
  whole: Pair,
  options: CompareOptions & { readonly estimate: number },
): Result<Difference, Undefined> {
  const { estimate, alpha } = options;
  const { pair, times, resampling } = planResampling(metric, whole);
  if (resampling.kind === 'groups' && resampling.groups.length < MIN_GROUPS) {
    return err(tooFewGroups(resampling.groups.length));
  }
  const sign = metric.direction === 'higher' ? 1 : -1;
  const champion = metric.prepare(pair.sample, pair.champion);
  const challenger = metric.prepare(pair.sample, pair.challenger);
  const difference = (weights: Uint32Array): number => sign * (challenger(weights) - champion(weights));
  const draw = (resamples: number, stream: string): Float64Array =>
    bootstrap(difference, resampling, { rows: times.length, resamples, random: randomStream(stream) });
  const resamples = drawsForBound(alpha);
  const stream = `${options.seed}|${metric.name}`;
  const values = draw(resamples, stream);
  const standardError = spreadOf(values);
  return ok({
    estimate,
    standardError,
    interval: intervalOf(values, { estimate, standardError }, alpha),
    method: `paired bootstrap, ${resamples} draws`,
    harmP: (margin, family) => {
      const p = harmPOf(values, margin);
      const needed = DRAWS_PER_TEST * family;
      return p > REFINE_BELOW || needed <= resamples ? p : harmPOf(draw(needed, `${stream}|harm`), margin);
    },
  });
}

/** A bound at a small alpha, after reuses of a holdout, takes more draws. */
function drawsForBound(alpha: number): number {
  return Math.min(MOST_FOR_A_BOUND, Math.max(RESAMPLES, Math.ceil(DRAWS_PER_ALPHA / alpha)));
}

/**
 * Percentile bounds. Beyond what the draws can resolve (alpha (R + 1) < 1, after many reuses of a holdout) the bound is the farther of the
 * most extreme draw and the normal bound.
 */
function intervalOf(
  values: Float64Array,
  { estimate, standardError }: Pick<Difference, 'estimate' | 'standardError'>,
  alpha: number,
): Interval {
  const place = Math.floor(alpha * (values.length + 1)) - 1;
  const reach = place < 0 ? normalQuantile(1 - alpha) * standardError : 0;
  const low = values[Math.max(0, place)] ?? Number.NaN;
  const high = values[values.length - 1 - Math.max(0, place)] ?? Number.NaN;
  return {
    low: place < 0 ? Math.min(low, estimate - reach) : low,
    high: place < 0 ? Math.max(high, estimate + reach) : high,
    level: 1 - 2 * alpha,
  };
}

/**
 * A draw without a value shows no harm. R draws give no p below 1 / (R + 1), so a small one is drawn for again by as many as the tests that
 * share the error need; the new draws alone then count, which keeps the p valid: it is small only if theirs is.
 */
function harmPOf(values: Float64Array, margin: number): number {
  return bootstrapP(values.map((value) => (Number.isFinite(value) ? -value : value)).sort(), margin);
}

function spreadOf(values: Float64Array): number {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, finite.length - 1));
}
