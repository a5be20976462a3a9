import { findMisread } from './find-misread.ts';
import type { Predictions } from './predictions.ts';

/** So many standard errors beside chance is no chance. */
const SURE = 4;

const DOUBT =
  'It was judged by the same meaning before: either the world has turned, or the labels of the holdout no longer stand for what they did. Look which before the challenger serves.';

/**
 * What is to be told of a champion whose answers would be right if they meant something else, though a judgement has settled what they mean: a
 * sentence, or none. It is judged all the same.
 */
export function findTurned(champion: Predictions | undefined): readonly string[] {
  if (champion?.isSettled !== true) return [];
  const found =
    champion.task === 'binary' || champion.task === 'multiclass'
      ? findTurnedClasses(champion)
      : findMisread(champion, 'champion').map(({ message }) => message);
  return found.map((message) => `${message} ${DOUBT}`);
}

/** How often a label and an answer come together, and how often they would by chance. */
type Met = {
  readonly label: number;
  readonly answer: number;
  readonly count: number;
  readonly expected: number;
};

/** Answers that are right less often than by chance, and would be right in another order of the classes. */
function findTurnedClasses(champion: Predictions): readonly string[] {
  const rows = champion.labels.length;
  const met = countMeetings(champion);
  const own = met.filter(({ label, answer }) => label === answer);
  // For each answer the label that it comes with most beyond chance.
  const best = [...Map.groupBy(met, ({ answer }) => answer).values()].map((ofAnswer) =>
    ofAnswer.reduce((most, one) => (beyond(one) > beyond(most) ? one : most)),
  );
  const isPermutation = new Set(best.map(({ label }) => label)).size === best.length;
  const [right, byChance] = [sum(own, 'count'), sum(own, 'expected')];
  const [reordered, thenByChance] = [sum(best, 'count'), sum(best, 'expected')];
  const isBelow = right < byChance - SURE * spread(byChance, rows);
  if (!(isPermutation && isBelow && reordered > thenByChance + SURE * spread(thenByChance, rows))) return [];
  return [
    `The champion is right on ${right} of ${rows} examples, fewer than by chance, and would be on ${reordered} with the classes in another order.`,
  ];
}

/** Every label with every answer that it comes with, and each answer with its own label, if it comes with that or not. */
function countMeetings({ labels, predictions, classes }: Predictions): readonly Met[] {
  const size = classes.length;
  const counts = new Map<number, number>();
  const [ofLabel, ofAnswer] = [new Float64Array(size), new Float64Array(size)];
  for (const [row, label] of labels.entries()) {
    const answer = predictions[row] ?? -1;
    if (label < 0 || answer < 0) continue;
    ofLabel[label] = (ofLabel[label] ?? 0) + 1;
    ofAnswer[answer] = (ofAnswer[answer] ?? 0) + 1;
    const place = label * size + answer;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  for (const [answer, total] of ofAnswer.entries()) {
    const own = answer * size + answer;
    if (total > 0 && (ofLabel[answer] ?? 0) > 0) counts.set(own, counts.get(own) ?? 0);
  }
  return [...counts].map(([place, count]) => {
    const [label, answer] = [Math.floor(place / size), place % size];
    return {
      ...{ label, answer, count },
      expected: ((ofLabel[label] ?? 0) * (ofAnswer[answer] ?? 0)) / labels.length,
    };
  });
}

/** How many times as often a label and an answer come together as they would by chance. */
function beyond({ count, expected }: Met): number {
  return count / expected;
}

function sum(met: readonly Met[], key: 'count' | 'expected'): number {
  return met.reduce((total, one) => total + one[key], 0);
}

/** The standard deviation of a count of that mean. */
function spread(count: number, rows: number): number {
  return Math.sqrt(Math.max(count * (1 - count / rows), 1));
}
