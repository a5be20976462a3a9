import { z } from 'zod';
import { type ArmTotals, armTotalsSchema } from '../../core/rollout/evidence/observation.ts';
import { addTotals, NO_TOTALS } from '../../core/rollout/evidence/stage-totals.ts';

/** What became of requests, by version, since a rollout began on this host (`''`: since there is none). */
export const seenSchema = z.object({
  rollout: z.string(),
  versions: z.record(z.string(), armTotalsSchema),
});
export type SeenOfRollout = z.infer<typeof seenSchema>;

/** What was seen so far and what one more look saw; another rollout begins anew. */
export function addSeen(
  before: SeenOfRollout | undefined,
  rollout: string,
  looks: ReadonlyMap<string, ArmTotals>,
): SeenOfRollout {
  const known = before?.rollout === rollout ? before.versions : {};
  const versions = [...looks].map(([version, counts]) => [
    version,
    addTotals(known[version] ?? NO_TOTALS, counts),
  ]);
  return { rollout, versions: { ...known, ...Object.fromEntries(versions) } };
}
