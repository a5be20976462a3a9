import type { ConfusionCounts } from '../../pictures/draw-confusion.ts';
import { formatCount } from '../format-value.ts';
import { placeOf, type Sample } from '../predictions.ts';
import type { Shown, ShownModel } from './figure.ts';

/** More classes than this are not told apart in a picture. */
const MOST_CLASSES = 10;
const NONE = '(no class)';

/** The counts of every model over the same classes, and a sentence on those that are not named. */
type CountedConfusion = {
  readonly models: readonly (Pick<ShownModel, 'name' | 'who'> & { readonly confusion: ConfusionCounts })[];
  readonly rest: string | undefined;
};

/**
 * How often each class was answered to the rows of each label. Of many classes those are named that the models mistake most often; all others
 * stand together at the end.
 */
export function countConfusion({ sample, models }: Shown): CountedConfusion {
  const named = chooseClasses({ sample, models });
  const others = sample.classes.length - named.length;
  const hasNone = models.some(({ side }) => side.predictions.some((answer) => answer < 0));
  const together = others === 0 ? [] : [`${formatCount(others)} others`];
  const labels = [...named.map((index) => sample.classes[index] ?? ''), ...together];
  const answers = hasNone ? [...labels, NONE] : labels;
  // Each class's row and column, and at the end that of no class.
  const columnOf = new Uint32Array(sample.classes.length + 1).fill(named.length);
  for (const [place, index] of named.entries()) columnOf[index] = place;
  columnOf[sample.classes.length] = labels.length;
  return {
    models: models.map(({ name, who, side }) => {
      const counts = labels.map(() => answers.map(() => 0));
      for (const [row, label] of sample.labels.entries()) {
        const line = counts[columnOf[label] ?? 0];
        const at = columnOf[placeOf(sample, side.predictions[row])] ?? 0;
        if (line !== undefined) line[at] = (line[at] ?? 0) + 1;
      }
      return { name, who, confusion: { named: named.length, labels, answers, counts } };
    }),
    rest: others === 0 ? undefined : describeRest(named.length, others),
  };
}

function describeRest(named: number, others: number): string {
  return `Named: the ${named} classes that are mistaken most often. Mistakes among the ${formatCount(others)} others are not told apart.`;
}

/** All, or those with the most rows that are mistaken by either model or for them; of equals the more frequent. In the order of the classes. */
function chooseClasses({ sample, models }: Shown): readonly number[] {
  const all = sample.classes.map((_, index) => index);
  if (all.length <= MOST_CLASSES) return all;
  const mistakes = countMistakes(sample, models);
  const sizes = new Float64Array(all.length);
  for (const label of sample.labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const worse = (a: number, b: number): number =>
    (mistakes[b] ?? 0) - (mistakes[a] ?? 0) || (sizes[b] ?? 0) - (sizes[a] ?? 0) || a - b;
  return all
    .toSorted(worse)
    .slice(0, MOST_CLASSES)
    .toSorted((a, b) => a - b);
}

function countMistakes({ classes, labels }: Sample, models: readonly ShownModel[]): Float64Array {
  const mistakes = new Float64Array(classes.length);
  for (const { side } of models) {
    for (const [row, label] of labels.entries()) {
      const answer = side.predictions[row] ?? -1;
      if (answer === label) continue;
      mistakes[label] = (mistakes[label] ?? 0) + 1;
      if (answer >= 0) mistakes[answer] = (mistakes[answer] ?? 0) + 1;
    }
  }
  return mistakes;
}
