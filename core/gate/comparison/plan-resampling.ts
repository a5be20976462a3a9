import type { AlikeRows, Resampling } from '../../statistics/random/paired-bootstrap.ts';
import type { SampleMetric } from '../metrics/metric.ts';
import { answersAlone, type Pair, pairAt, placeOf, type Side } from '../predictions.ts';
import { groupRows } from './group-rows.ts';

/** Drawing how often each kind of row comes up costs about as much as drawing this many rows per kind. */
const ROWS_PER_KIND = 20;

/** What to draw from: rows, each standing for `times` rows of the holdout, and how they are drawn. */
type ResamplingPlan = {
  readonly pair: Pair;
  readonly times: Uint32Array;
  readonly resampling: Resampling;
};

/**
 * Whole groups where rows belong together, else rows within their class, else rows. For a metric of answers two rows are added to each class
 * (see `withDoubt`), and rows that it cannot tell apart are kept once where that saves work, which leaves the draws' distribution as it is.
 */
export function planResampling(metric: SampleMetric, pair: Pair): ResamplingPlan {
  const { groups, labels, task } = pair.sample;
  if (groups !== undefined) return rowByRow(pair, { kind: 'groups', groups: groupRows(groups).rowsOf });
  if (task === 'regression' || task === 'multilabel' || task === 'quantiles')
    return rowByRow(pair, { kind: 'rows', strata: [Uint32Array.from(labels.keys())] });
  if (!metric.byAnswer) return rowByRow(pair, { kind: 'rows', strata: groupRows(labels).rowsOf });
  const doubted = withDoubt({
    sample: pair.sample,
    champion: answersAlone(pair.champion),
    challenger: answersAlone(pair.challenger),
  });
  return (
    collapse(doubted) ?? rowByRow(doubted, { kind: 'rows', strata: groupRows(doubted.sample.labels).rowsOf })
  );
}

function rowByRow(pair: Pair, resampling: Resampling): ResamplingPlan {
  return { pair, times: new Uint32Array(pair.sample.labels.length).fill(1), resampling };
}

/**
 * The pair with two more rows per class: one that only the champion answers rightly and one that only the challenger does. Where models seldom
 * disagree the bootstrap sees too few such rows and its bounds are too narrow; this is the correction that Bonett and Price make for accuracy.
 */
function withDoubt(pair: Pair): Pair {
  const { labels } = pair.sample;
  const { names, rowsOf } = groupRows(labels);
  const wrong = usualMistakes(pair, names);
  const rows = [...labels.keys(), ...rowsOf.flatMap((list) => [list[0] ?? 0, list[0] ?? 0])];
  const longer = pairAt(pair, rows);
  for (const [place, label] of names.entries()) {
    const first = labels.length + 2 * place;
    longer.champion.predictions.set([label, wrong[place] ?? label], first);
    longer.challenger.predictions.set([wrong[place] ?? label, label], first);
  }
  return longer;
}

/** For each label the wrong answer that both models give most often to its rows, else any other class. */
function usualMistakes({ sample, champion, challenger }: Pair, labels: readonly number[]): readonly number[] {
  const counted = new Map(labels.map((label) => [label, new Map<number, number>()]));
  for (const { predictions } of [champion, challenger]) {
    for (const [row, answer] of predictions.entries()) {
      const label = sample.labels[row] ?? Number.NaN;
      const counts = counted.get(label);
      if (answer !== label) counts?.set(answer, (counts.get(answer) ?? 0) + 1);
    }
  }
  return labels.map((label) => {
    const ranked = [...(counted.get(label) ?? [])].sort(
      ([a, countA], [b, countB]) => countB - countA || a - b,
    );
    return ranked[0]?.[0] ?? (label === 0 ? 1 : 0);
  });
}

/** One row for each kind of label and two answers; `undefined` when that would save nothing. */
function collapse(pair: Pair): ResamplingPlan | undefined {
  const { sample, champion, challenger } = pair;
  const { labels } = sample;
  const size = sample.classes.length + 1;
  const place = ({ predictions }: Side, row: number) => placeOf(sample, predictions[row]);
  const keys = labels.map(
    (label, row) => (label * size + place(champion, row)) * size + place(challenger, row),
  );
  const { rowsOf } = groupRows(keys);
  if (rowsOf.length * ROWS_PER_KIND > labels.length) return undefined;
  const kinds = pairAt(
    pair,
    rowsOf.map((rows) => rows[0] ?? 0),
  );
  const times = Uint32Array.from(rowsOf, (rows) => rows.length);
  const strata = groupRows(kinds.sample.labels).rowsOf.map(
    (rows): AlikeRows => ({ rows, times: rows.map((row) => times[row] ?? 0) }),
  );
  return { pair: kinds, times, resampling: { kind: 'alike', strata } };
}
