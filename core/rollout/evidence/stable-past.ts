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
  readonly baseline: StablePast & { readonly ofAllHosts?: 'told' | 'untold' };
}): StablePast {
  const { requests, errors, invalid } = sumStages(stages, 'stable');
  // What all hosts saw holds what this one did: the sum would count that twice.
  if (baseline.ofAllHosts !== undefined)
    return baseline.requests > requests ? baseline : { requests, errors, invalid };
  return {
    requests: requests + baseline.requests,
    errors: errors + baseline.errors,
    invalid: invalid + baseline.invalid,
  };
}
