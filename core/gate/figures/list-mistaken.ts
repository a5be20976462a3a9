import type { Sample, Side } from '../predictions.ts';
import type { Shown } from './figure.ts';

/**
 * All classes, or so many of them: those with the most rows that are mistaken by either model or for them; of equals the more frequent. In
 * the order of the classes.
 */
export function listMistaken({ sample, models }: Shown, most: number): readonly number[] {
  const all = sample.classes.map((_, index) => index);
  if (all.length <= most) return all;
  const mistakes = new Float64Array(all.length);
  for (const { side } of models) countMistakes(sample, side, mistakes);
  const sizes = countRows(sample);
  const worse = (a: number, b: number): number =>
    (mistakes[b] ?? 0) - (mistakes[a] ?? 0) || (sizes[b] ?? 0) - (sizes[a] ?? 0) || a - b;
  return all
    .toSorted(worse)
    .slice(0, most)
    .toSorted((a, b) => a - b);
}

function countMistakes({ task, labels, truths }: Sample, side: Side, mistakes: Float64Array): void {
  const add = (place: number): void => {
    mistakes[place] = (mistakes[place] ?? 0) + 1;
  };
  if (task === 'multilabel') {
    for (const [place, truth] of truths.entries()) {
      const answered = side.parts[place];
      for (const [row, has] of truth.entries()) if (answered?.[row] !== has) add(place);
    }
    return;
  }
  for (const [row, label] of labels.entries()) {
    const answer = side.predictions[row] ?? -1;
    if (answer === label) continue;
    add(label);
    if (answer >= 0) add(answer);
  }
}

function countRows({ task, classes, labels, truths }: Sample): Float64Array {
  if (task === 'multilabel') {
    return Float64Array.from(truths, (truth) => truth.reduce((sum, has) => sum + has, 0));
  }
  const sizes = new Float64Array(classes.length);
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}
