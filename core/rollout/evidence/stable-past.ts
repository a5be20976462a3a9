import { z } from 'zod';
import { type StageTotals, sumStages } from './stage-totals.ts';

const count = z.int().nonnegative();

/** What the stable version was asked before, and how much of that it failed or answered wrongly. */
export const stablePastSchema = z.object({ requests: count, errors: count, invalid: count });

/** See `stablePastSchema`. */
export type StablePast = Readonly<z.infer<typeof stablePastSchema>>;

/** All that is known of the stable version: what was seen of it in the stages so far, and what was known before. */
export function stablePastOf({
  stages,
  baseline,
}: {
  readonly stages: readonly StageTotals[];
  readonly baseline: StablePast;
}): StablePast {
  const { requests, errors, invalid } = sumStages(stages, 'stable');
  return {
    requests: requests + baseline.requests,
    errors: errors + baseline.errors,
    invalid: invalid + baseline.invalid,
  };
}
