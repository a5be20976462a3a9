import type { Check } from '../check.ts';
import { ALPHA } from '../comparison/comparison.ts';
import { formatCount } from '../format-value.ts';

/** From this many gates on one holdout, models have been fitted to it by selection. */
export const WORN_AFTER = 50;

/**
 * One-sided error left for a superiority claim of the k-th gate on one holdout, k = `gatesSoFar` + 1: alpha 6 / (pi^2 k^2),
 * which sums to alpha over any number of gates.
 */
export function superiorityAlpha(gatesSoFar: number): number {
  return (ALPHA * 6) / (Math.PI * (gatesSoFar + 1)) ** 2;
}

/** A row on how often the holdout has been used; it never blocks, but asks for fresh examples in time. */
export function judgeHoldoutReuse(gatesSoFar: number): Check {
  const worn = gatesSoFar >= WORN_AFTER;
  const used = gatesSoFar === 1 ? 'once' : `${formatCount(gatesSoFar)} times`;
  const message =
    gatesSoFar === 0
      ? 'These holdout examples judge a model for the first time.'
      : `These holdout examples have judged models ${used} before.`;
  return {
    rule: 'holdout reuse',
    metric: 'holdout',
    need: `fewer than ${WORN_AFTER} gates`,
    verdict: 'pass',
    reasons: [
      {
        code: worn ? 'holdout-worn' : 'holdout-usable',
        metric: 'holdout',
        message,
        observed: gatesSoFar,
        limit: WORN_AFTER,
      },
    ],
    ...(worn
      ? {
          toSettle:
            'Replace the holdout with fresh examples: models have been selected on this one many times.',
        }
      : {}),
  };
}
