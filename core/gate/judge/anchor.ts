import type { Check } from '../check.ts';
import { ALPHA } from '../comparison/comparison.ts';
import type { AnchorPair, GateInput } from '../gate-input.ts';
import { evaluateMetric, type Metric } from '../metrics/metric.ts';
import { type CompareRule, doubleMargin } from '../rules/rule.ts';
import { judgeCompare } from './compare.ts';

/** The 5% are shared out among so many gates. */
const GATES_PER_ANCHOR = 12;

/**
 * Challenger against the best champion of the last year, by at most `anchorMargin`: each promotion may lose up to its margin, and so many
 * small losses would add up to any. `undefined` where there was no other champion that can be compared on these rows.
 */
export function judgeAnchor(
  { rule, metric }: { readonly rule: CompareRule; readonly metric: Metric },
  anchors: readonly AnchorPair[],
  { names, seed }: Pick<GateInput, 'names' | 'seed'>,
): Check | undefined {
  const best = bestOf(metric, anchors);
  if (best === undefined) return undefined;
  const margin = rule.anchorMargin ?? doubleMargin(rule.margin);
  const check = judgeCompare(
    { rule: { kind: 'compare', metric: rule.metric, require: 'non-inferior', margin }, metric },
    best.pair,
    {
      alpha: ALPHA / GATES_PER_ANCHOR,
      seed: `${seed}|anchor`,
      names: { ...names, champion: `${best.name}, the best of the last year` },
    },
  );
  return { ...check, rule: 'compare: anchor' };
}

/** That an earlier champion can't be compared with, and why. */
export function describeLeftOut(name: string, why: string): string {
  return `Not compared with ${name} of the last year: ${why}`;
}

function bestOf(metric: Metric, anchors: readonly AnchorPair[]): AnchorPair | undefined {
  const sign = metric.direction === 'higher' ? 1 : -1;
  let best: { readonly anchor: AnchorPair; readonly value: number } | undefined;
  for (const anchor of anchors) {
    const value = evaluateMetric(metric, anchor.pair.sample, anchor.pair.champion);
    if (typeof value !== 'number') continue;
    if (best === undefined || sign * (value - best.value) > 0) best = { anchor, value };
  }
  return best?.anchor;
}
