import { type ConfusionCounts, drawConfusion } from '../../pictures/draw-confusion.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { formatCount, formatValue } from '../format-value.ts';
import { countConfusion } from './count-confusion.ts';
import type { GateFigure, Shown } from './figure.ts';

/** The confusion matrix of each model; `undefined` where no class was answered. */
export function showConfusion(shown: Shown): GateFigure | undefined {
  const { task, classes } = shown.sample;
  if ((task !== 'binary' && task !== 'multiclass') || classes.length < 2) return undefined;
  const { models, rest } = countConfusion(shown);
  const drawn = models.map(({ name, confusion }) => ({ text: name, confusion }));
  const blocks = models.flatMap(({ name, confusion }): readonly Block[] => [
    { kind: 'paragraph', text: `${name}: rows by what is true, columns by what was answered` },
    tableOf(confusion),
  ]);
  return {
    file: 'confusion.svg',
    title: 'Confusion matrix',
    svg: drawConfusion(drawn, rest),
    blocks: rest === undefined ? blocks : [...blocks, { kind: 'paragraph', text: rest }],
  };
}

function tableOf({ labels, answers, counts }: ConfusionCounts): Block {
  const rows = labels.map((name, row) => {
    const line = counts[row] ?? [];
    const total = line.reduce((sum, count) => sum + count, 0);
    const cells = line.map((count) =>
      total === 0 || count === 0
        ? formatCount(count)
        : `${formatCount(count)} (${formatValue(count / total, 'rate')})`,
    );
    return [name, ...cells, formatCount(total)];
  });
  return { kind: 'table', columns: ['True', ...answers.map(alignRight), alignRight('Rows')], rows };
}
