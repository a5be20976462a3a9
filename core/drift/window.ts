import { z } from 'zod';
import { hostIdSchema } from '../identity/host-id.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
import { compareInstants, foreignInstantSchema, isInstant } from '../instant.ts';
import { SCHEMAS } from '../names.ts';
import { sumOf } from '../statistics/sum-of.ts';

const MAX_BINS = 4096;
export const HOURS_PER_DAY = 24;

const count = z.int().nonnegative();
const counts = z.array(count).max(MAX_BINS);

/**
 * One feature's counts in the profile's bins. `missing` rows are in no bin; `below` and `above` are rows outside the
 * training range (they are in the outer bins too); `unseen` are rows of categories training never saw (the last bin).
 */
export const windowFeatureSchema = z.object({
  counts,
  missing: count,
  below: count,
  above: count,
  unseen: count,
});

/**
 * What one host counted for one model version from `from` to `to`: `n` predictions in the bins of the reference profile, `invalid` of
 * them NaN or of another form. `refused` are requests that were answered 4xx instead, and in no other count.
 * `(hostId, model, version, seq)` names it; a snapshot taken later under the same name replaces the earlier one. `host` is what people
 * call the host.
 */
export const captureWindowSchema = z.object({
  schema: z.literal(SCHEMAS.window),
  hostId: hostIdSchema,
  host: z.string().min(1).max(253),
  model: modelNameSchema,
  version: versionSchema,
  seq: count,
  from: foreignInstantSchema,
  to: foreignInstantSchema,
  n: count,
  features: z.record(z.string(), windowFeatureSchema),
  prediction: z.object({ counts, confidence: counts.optional() }),
  invalid: count,
  refused: count,
  /** Of a window that stands for those of a day: predictions by hour (UTC). */
  hours: z.array(count).length(HOURS_PER_DAY).optional(),
});

export type WindowFeature = z.infer<typeof windowFeatureSchema>;
export type CaptureWindow = z.infer<typeof captureWindowSchema>;

/** Whether both of a window's times can be read: the schema sees to it, but counts may come another way. */
export function hasTimes({ from, to }: CaptureWindow): boolean {
  return isInstant(from) && isInstant(to);
}

/**
 * All windows of all sets, each name (hostId, model, version, seq) once: the latest snapshot, or at equal `to` the fuller one,
 * wins. Exact, associative, commutative and idempotent, so it doesn't matter which hosts report twice or in what order.
 */
export function mergeWindows(...sets: readonly (readonly CaptureWindow[])[]): readonly CaptureWindow[] {
  const byName = new Map<string, CaptureWindow>();
  for (const window of sets.flat()) {
    const name = `${window.model}\n${window.version}\n${window.hostId}\n${window.seq}`;
    const known = byName.get(name);
    if (known === undefined || supersedes(window, known)) byName.set(name, window);
  }
  return [...byName.values()].sort(
    (left, right) =>
      compareInstants(left.from, right.from) ||
      compare(left.model, right.model) ||
      compare(left.version, right.version) ||
      compare(left.hostId, right.hostId) ||
      compare(left.seq, right.seq),
  );
}

/** Answers in each bin of confidence, over all these windows. */
export function sumConfidence(windows: readonly CaptureWindow[], bins: number): readonly number[] {
  return Array.from({ length: bins }, (_, bin) =>
    sumOf(windows.map(({ prediction }) => prediction.confidence?.[bin] ?? 0)),
  );
}

function supersedes(window: CaptureWindow, known: CaptureWindow): boolean {
  const order =
    compareInstants(window.to, known.to) ||
    compare(window.n, known.n) ||
    compare(JSON.stringify(window), JSON.stringify(known));
  return order > 0;
}

function compare<T extends string | number>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
