import { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { isMetric, metricNames, nearestMetric } from '../gate/metrics/metrics.ts';
import type { CrossProblem } from './cross-problem.ts';
import { SPECIAL_METRICS } from './gate/special-metrics.ts';
import { gateEntrySchema } from './schema/gate.ts';

/** Names shorter than this are one slip from too many others: `f2` is no misspelt `f1`. */
const SHORTEST_SLIP = 6;

const OF_ONES_OWN =
  'A metric of your own is compared when `data.holdout.metrics` says how it is computed; one that only the run logs can have a `floor` or a `ceiling`, or be judged by `mlflow`.';

/** As much of an entry as names a metric; whatever else is wrong with it is for the schema to say. */
const entrySchema = z
  .looseObject({
    metric: z.string().optional().catch(undefined),
    mlflow: z.string().optional().catch(undefined),
  })
  .catch({});
const holdoutSchema = z.looseObject({ metrics: z.record(z.string(), z.unknown()).catch({}) }).optional();
const fileSchema = z.looseObject({
  gate: z.array(entrySchema).catch([]),
  data: z
    .looseObject({ holdout: holdoutSchema.catch(undefined) })
    .optional()
    .catch(undefined),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * The metrics of the gate that nobody knows, in a file that may have any other problem as well: so they are told in one pass with
 * them. A comparison needs a metric that is defined row by row, so any other name is wrong there. A limit may name what the run
 * will log, so there only a slip of the pen is.
 */
export function checkMetrics(file: unknown): readonly CrossProblem[] {
  const read = fileSchema.safeParse(file);
  if (!read.success) return [];
  const own = Object.keys(read.data.data?.holdout?.metrics ?? {});
  return read.data.gate.flatMap((entry, index) =>
    (['metric', 'mlflow'] as const).flatMap((key) => {
      const name = entry[key];
      if (name === undefined || own.includes(name)) return [];
      const remedy = findRemedy(name, own, key === 'metric' && needsRows(entry) ? 'compared' : 'limited');
      if (remedy === undefined) return [];
      const path = ['gate', index, key];
      return [{ code: 'unknown-metric', path, message: `There is no metric \`${name}\`.`, remedy }];
    }),
  );
}

/** What to write instead of a name; `undefined` when the name is right, or may be. */
function findRemedy(name: string, own: readonly string[], use: 'compared' | 'limited'): string | undefined {
  const special = findSpecial(name);
  if (special !== undefined) return special === name ? undefined : `Did you mean \`${special}\`?`;
  if (isMetric(name)) return undefined;
  if (use === 'limited') {
    const meant = findSlip(name, own);
    return meant === undefined ? undefined : `Did you mean \`${meant}\`?`;
  }
  const nearest = didYouMean(name, own) ?? nearestMetric(name);
  const otherwise = `${OF_ONES_OWN} Computed here: ${metricNames().join(', ')}.`;
  return nearest === undefined ? otherwise : `Did you mean \`${nearest}\`? ${otherwise}`;
}

/** `latency-p90` or `latency_p95` would otherwise be taken for a metric of the user's own. */
function findSpecial(name: string): string | undefined {
  if (SPECIAL_METRICS.includes(name)) return name;
  const dashed = name.toLowerCase().replaceAll('_', '-');
  if (dashed.startsWith('latency')) return didYouMean(dashed, SPECIAL_METRICS) ?? 'latency-p95';
  return SPECIAL_METRICS.find((special) => special === dashed);
}

/** The metric that is one letter away. A number makes another metric, not a slip: `recall5` is not `recall`. */
function findSlip(name: string, own: readonly string[]): string | undefined {
  if (name.length < SHORTEST_SLIP) return undefined;
  const meant = didYouMean(name, own, 1) ?? nearestMetric(name, 1);
  return meant === undefined || digitsOf(meant) !== digitsOf(name) ? undefined : meant;
}

function digitsOf(name: string): string {
  return name.replaceAll(/\D/g, '');
}

/** Whether the entry compares models. One with an unknown key may mean a limit by it, and is given the benefit of the doubt. */
function needsRows(entry: Entry): boolean {
  const has = (...keys: readonly string[]) => keys.some((key) => entry[key] !== undefined);
  if (has('require', 'margin', 'slices')) return true;
  return (
    !has('floor', 'ceiling') && Object.keys(entry).every((key) => Object.hasOwn(gateEntrySchema.shape, key))
  );
}
