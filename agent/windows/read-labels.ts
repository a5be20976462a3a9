import type { LabelCount } from '../../core/drift/labels/build-cohorts.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import type { LabelSpan, LabelSubject } from '../store/label-table.ts';

/** Delays are put in order whenever so many have come, where fewer are looked for. */
const LEAST_SORTED = 4_096;

/** Joined labels of a version by day and bin, oldest first. Ends early where nobody waits any more. */
export async function countLabels(
  context: Pick<AgentContext, 'store'>,
  subject: LabelSubject,
  signal?: AbortSignal,
): Promise<readonly LabelCount[]> {
  const counts = new Map<string, LabelCount>();
  for await (const span of listSpans(context, subject)) {
    if (signal?.aborted === true) break;
    for (const one of context.store.labels.counts(subject, span)) {
      const key = `${one.day} ${one.bin}`;
      const { labelled = 0, correct = 0 } = counts.get(key) ?? {};
      counts.set(key, { ...one, labelled: labelled + one.labelled, correct: correct + one.correct });
    }
  }
  return [...counts.values()].toSorted((left, right) =>
    left.day === right.day ? left.bin - right.bin : left.day < right.day ? -1 : 1,
  );
}

/**
 * Seconds from prediction to label that this share of a version's joined labels, of which there are `total`, stays within; 0 where there are
 * none. Only those that took longer are kept and put in order: a million at once would take too long.
 */
export async function measureDelay(
  context: Pick<AgentContext, 'store'>,
  subject: LabelSubject,
  { quantile, total }: { readonly quantile: number; readonly total: number },
): Promise<number> {
  const wanted = total - Math.trunc(total * quantile);
  if (wanted <= 0) return 0;
  let longest = new Float64Array();
  let waiting: number[] = [];
  const keepLongest = () => {
    longest = Float64Array.from([...longest, ...waiting])
      .toSorted()
      .slice(-wanted);
    waiting = [];
  };
  for await (const span of listSpans(context, subject)) {
    const above = longest.length === wanted ? (longest[0] ?? 0) : -Infinity;
    waiting.push(...context.store.labels.delays(subject, span, above));
    if (waiting.length >= Math.max(wanted, LEAST_SORTED)) keepLongest();
  }
  keepLongest();
  return Math.max(0, longest[0] ?? 0);
}

/** All joined labels of a version, a few at a time; in between everything else that waits in this process goes on. */
async function* listSpans(
  { store }: Pick<AgentContext, 'store'>,
  subject: LabelSubject,
): AsyncGenerator<LabelSpan> {
  let after = { predictedAt: '', number: 0 };
  for (;;) {
    const last = store.labels.lastOfPiece(subject, after);
    if (last === undefined) return;
    yield { after, last };
    after = last;
    await breathe();
  }
}
