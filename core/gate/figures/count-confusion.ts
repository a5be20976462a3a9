import type { ConfusionCounts } from '../../pictures/draw-confusion.ts';
import { formatCount } from '../format-value.ts';
import { placeOf } from '../predictions.ts';
import type { Shown, ShownModel } from './figure.ts';
import { listMistaken } from './list-mistaken.ts';

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
  const named = listMistaken({ sample, models }, MOST_CLASSES);
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
