import { shareAtMost } from '../../statistics/intervals/clopper-pearson.ts';
import type { ByAnswerMetric } from '../metrics/metric.ts';
import {
  answersAlone,
  type Pair,
  placeOf,
  type Sample,
  type Side,
  sampleAt,
  sideAt,
} from '../predictions.ts';
import { groupRows } from './group-rows.ts';

/** More labels than this are not each tried: the rarest hold the most that is unseen. */
const MOST_LABELS = 20;

/**
 * How much larger the share of rows that only the champion answers rightly may be than it is here, at 1 - alpha: an exact bound, which is 3/n
 * where there is no such row. The usual intervals lie below it where harm is rare and gains are rarer.
 */
export function lossesUnseen(pair: Pair, rows: Uint32Array, alpha: number): number {
  const { sample, champion, challenger } = pair;
  const changeOf = (row: number): number => {
    const label = sample.labels[row];
    return (challenger.predictions[row] === label ? 1 : 0) - (champion.predictions[row] === label ? 1 : 0);
  };
  const { groups } = sample;
  const units = groups === undefined ? undefined : groupRows(Array.from(rows, (row) => groups[row] ?? ''));
  const changes =
    units === undefined
      ? Array.from(rows, changeOf)
      : units.rowsOf.map((places) => places.reduce((sum, place) => sum + changeOf(rows[place] ?? 0), 0));
  const trials = changes.length;
  const count = changes.filter((change) => change < 0).length;
  return trials === 0 ? 1 : shareAtMost({ count, trials }, alpha) - count / trials;
}

/**
 * The same for a metric of answers, in its unit: how much worse the challenger's value would be if, of one label, as many more rows were
 * answered wrongly as the bound allows, with the answer that costs most.
 */
export function answersUnseen(metric: ByAnswerMetric, pair: Pair, alpha: number): number {
  const { sample, challenger } = pair;
  const { names, rowsOf } = groupRows(sample.labels);
  const lost = names
    .map((label, place) => {
      const rows = rowsOf[place] ?? new Uint32Array();
      return { label, rows: Math.ceil(rows.length * lossesUnseen(pair, rows, alpha)), of: rows.length };
    })
    .sort((a, b) => b.rows / b.of - a.rows / a.of)
    .slice(0, MOST_LABELS);
  const answers = { sample, side: challenger, kinds: kindsOf(sample, challenger) };
  const worse = lost.flatMap(({ label, rows }) =>
    likelyMistakes(sample, challenger, label).map((answer) =>
      dropOf(metric, answers, { label, rows, answer }),
    ),
  );
  return Math.max(0, ...worse);
}

/** The wrong answer given most often to rows of this label, and the one given least often at all. */
function likelyMistakes(sample: Sample, { predictions }: Side, label: number): number[] {
  const given = new Float64Array(sample.classes.length);
  const mistaken = new Float64Array(sample.classes.length);
  for (const [row, answer] of predictions.entries()) {
    given[answer] = (given[answer] ?? 0) + 1;
    if (sample.labels[row] === label) mistaken[answer] = (mistaken[answer] ?? 0) + 1;
  }
  const others = [...given.keys()].filter((answer) => answer !== label);
  const first = (order: (a: number, b: number) => number): number[] => [...others].sort(order).slice(0, 1);
  const usual = first((a, b) => (mistaken[b] ?? 0) - (mistaken[a] ?? 0));
  const rarest = first((a, b) => (given[a] ?? 0) - (given[b] ?? 0));
  return [...new Set([...usual, ...rarest])];
}

/** One model's answers, and their rows by kind. */
type Answers = { readonly sample: Sample; readonly side: Side; readonly kinds: ReturnType<typeof kindsOf> };
type Lost = { readonly label: number; readonly rows: number; readonly answer: number };

/** The rows of each label and answer. */
function kindsOf(sample: Sample, { predictions }: Side) {
  return groupRows(sample.labels.map((label, row) => kindOf(sample, label, predictions[row])));
}

function kindOf(sample: Sample, label: number, answer: number | undefined): number {
  return label * (sample.classes.length + 1) + placeOf(sample, answer);
}

/** How much worse the metric is when `rows` right rows of a label are answered with `answer`. */
function dropOf(
  metric: ByAnswerMetric,
  { sample, side, kinds }: Answers,
  { label, rows, answer }: Lost,
): number {
  const right = kinds.names.indexOf(kindOf(sample, label, label));
  const times = kinds.rowsOf.map(({ length }) => length);
  const moved = Math.min(rows, times[right] ?? 0);
  if (moved === 0) return 0;
  const firsts = kinds.rowsOf.map((list) => list[0] ?? 0);
  const places = [...firsts, firsts[right] ?? 0];
  const altered = sideAt(answersAlone(side), places);
  altered.predictions[places.length - 1] = answer;
  const measure = metric.prepare(sampleAt(sample, places), altered);
  const before = measure(Uint32Array.from([...times, 0]));
  const after = measure(
    Uint32Array.from([...times.map((count, place) => (place === right ? count - moved : count)), moved]),
  );
  const drop = metric.direction === 'higher' ? before - after : after - before;
  return Number.isFinite(drop) ? drop : 0;
}
