import { z } from 'zod';
import type { CaptureWindow } from '../window.ts';
import type { LabelCohort } from './judge-labels.ts';

const count = z.int().nonnegative();

/** Predictions of one day (UTC) and confidence bin that a host has a label for, and how many of those were right. */
export const labelCountSchema = z.object({
  day: z.iso.date(),
  bin: z.int(),
  labelled: count,
  correct: count,
});

/** See `labelCountSchema`. */
export type LabelCount = z.infer<typeof labelCountSchema>;

/** One cohort per day (UTC): what was predicted, from the windows; what has a label, from the counts. Both add up over hosts. */
export function buildCohorts(
  windows: readonly Pick<CaptureWindow, 'from' | 'prediction'>[],
  counts: readonly LabelCount[],
  bins: number,
): readonly LabelCohort[] {
  const days = [...new Set(counts.map(({ day }) => day))].toSorted();
  const countsByDay = Map.groupBy(counts, ({ day }) => day);
  const windowsByDay = Map.groupBy(windows, ({ from }) => from.slice(0, 'yyyy-mm-dd'.length));
  return days.map((day) => {
    const predicted = addUp(
      bins,
      (windowsByDay.get(day) ?? []).flatMap(({ prediction }) => [...(prediction.confidence ?? []).entries()]),
    );
    const ours = countsByDay.get(day) ?? [];
    const labelled = addUp(
      bins,
      ours.map(({ bin, labelled }) => [bin, labelled]),
    );
    const correct = addUp(
      bins,
      ours.map(({ bin, correct }) => [bin, correct]),
    );
    // A window is closed after its predictions: there are never fewer of them than have a label.
    const atLeast = predicted.map((counted, bin) => Math.max(counted, labelled[bin] ?? 0));
    return { from: `${day}T00:00:00Z`, to: `${day}T23:59:59Z`, predicted: atLeast, labelled, correct };
  });
}

/** Counts per bin; what is of no bin is left out. */
function addUp(bins: number, counts: readonly (readonly [number, number])[]): readonly number[] {
  const sums = Array.from({ length: bins }, () => 0);
  for (const [bin, counted] of counts) if (bin in sums) sums[bin] = (sums[bin] ?? 0) + counted;
  return sums;
}
