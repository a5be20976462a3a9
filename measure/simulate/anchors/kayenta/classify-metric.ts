import { makeDraws } from '../../draws.ts';
import { type EffectMeasure, effectSize } from './effect-size.ts';
import { shiftInterval } from './mann-whitney.ts';

/** Of a series that never changes, Kayenta draws noise with a sd of this share of its value. */
const NOISE = 1e-5;

/** Effects that count: the first or less, the second or more. */
type Thresholds = readonly [decrease: number, increase: number];

/** How Kayenta is told to judge one metric. */
export type MetricRule = {
  /** Share of the estimated shift beyond which the whole interval has to lie. */
  readonly tolerance: number;
  readonly confidence: number;
  readonly direction: 'increase' | 'decrease' | 'either';
  readonly effect: EffectMeasure;
  readonly allowed: Thresholds;
  /** Effects at which the metric by itself fails the canary; `null` when it never does. */
  readonly critical: Thresholds | null;
  /** Whether intervals without a value are left out or count as zero. */
  readonly nan: 'remove' | 'replace';
};

/** Kayenta's word on one metric. `deviation` is the ratio of the means, 1 where nothing was compared. */
type Classification = {
  readonly label: 'pass' | 'high' | 'low' | 'no-data' | 'error';
  readonly isCritical: boolean;
  readonly deviation: number;
};

/**
 * One metric of the candidate against the stable version's, as Kayenta's NetflixACAJudge classifies it. The noise it adds where both
 * series never change is the same at each call.
 *
 * Vector: measure/vectors/answers/kayenta.json.
 */
export function classifyMetric(
  candidateValues: readonly number[],
  stableValues: readonly number[],
  rule: MetricRule,
): Classification {
  const candidate = withoutNaN(candidateValues, rule);
  const stable = withoutNaN(stableValues, rule);
  if (candidate.length === 0 || stable.length === 0) {
    const isNoData = rule.nan === 'remove';
    return {
      label: isNoData ? 'no-data' : 'pass',
      isCritical: isNoData && rule.critical !== null,
      deviation: 1,
    };
  }
  if (isSame(candidate, stable)) return { label: 'pass', isCritical: false, deviation: 1 };
  const isConstant = [candidate, stable].every((series) => new Set(series).size === 1);
  return isConstant
    ? compare(withNoise(candidate), withNoise(stable), rule)
    : compare(candidate, stable, rule);
}

function withoutNaN(values: readonly number[], { nan }: MetricRule): readonly number[] {
  return nan === 'remove'
    ? values.filter((value) => !Number.isNaN(value))
    : values.map((value) => (Number.isNaN(value) ? 0 : value));
}

/** Whether both have the same values, in any order, or never more than one value between them. */
function isSame(candidate: readonly number[], stable: readonly number[]): boolean {
  const [left, right] = [candidate, stable].map((series) => series.toSorted((a, b) => a - b));
  const isEqual = left?.length === right?.length && left?.every((value, index) => value === right?.[index]);
  return isEqual === true || new Set([...candidate, ...stable]).size === 1;
}

function withNoise(series: readonly number[]): readonly number[] {
  const draws = makeDraws('kayenta');
  return series.map((value) => value + NOISE * value * draws.normal());
}

function compare(candidate: readonly number[], stable: readonly number[], rule: MetricRule): Classification {
  const deviation = effectSize('mean-ratio', candidate, stable);
  const shift = shiftInterval(candidate, stable, rule.confidence);
  if (shift === undefined) return { label: 'error', isCritical: false, deviation };
  const effect = effectSize(rule.effect, candidate, stable);
  const bound = rule.tolerance * Math.abs(shift.estimate);
  if (rule.direction !== 'decrease' && shift.low > bound && isIncrease(effect, rule.allowed)) {
    return {
      label: 'high',
      isCritical: rule.critical !== null && isIncrease(effect, rule.critical),
      deviation,
    };
  }
  if (rule.direction !== 'increase' && shift.high < -bound && isDecrease(effect, rule.allowed)) {
    return {
      label: 'low',
      isCritical: rule.critical !== null && isDecrease(effect, rule.critical),
      deviation,
    };
  }
  return { label: 'pass', isCritical: false, deviation };
}

/** An effect that can't be computed never spares a candidate. */
function isIncrease(effect: number, [, increase]: Thresholds): boolean {
  return Number.isNaN(effect) || effect >= increase;
}

function isDecrease(effect: number, [decrease]: Thresholds): boolean {
  return Number.isNaN(effect) || effect <= decrease;
}
