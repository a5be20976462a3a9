import { expect, test } from 'vitest';
import { showCurves } from '../../../../core/gate/figures/show-curves.ts';
import { evaluateMetric } from '../../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../../core/gate/metrics/metrics.ts';
import { type Predictions, sampleOf, sideOf } from '../../../../core/gate/predictions.ts';
import type { Block } from '../../../../core/report/report.ts';
import { binaryModels, randomMulticlass, randomMultilabel } from '../samples.ts';

const shownOf = (model: Predictions) => ({
  sample: sampleOf(model),
  models: [{ who: 'challenger', name: 'v8', side: sideOf(model) }] as const,
});

function tableOf(blocks: readonly Block[] | undefined) {
  const table = blocks?.find((block) => block.kind === 'table');
  return table?.kind === 'table' ? table.rows : [];
}

function measure(name: string, model: Predictions, detail = {}): number {
  const metric = findMetric(name, model.task, detail);
  return Number(metric.ok && evaluateMetric(metric.value, sampleOf(model), sideOf(model)));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (text: unknown) => Number(String(text).replace('%', '')) / 100;

test('of many classes each is told from the rest: the areas are those whose mean is judged, the points those of the answers', () => {
  const model = randomMulticlass(600, 4, 0.3, 'curves');
  const rows = tableOf(showCurves(shownOf(model))?.blocks);
  expect(rows.map(([name, who]) => [name, who])).toEqual(model.classes.map((name) => [name, 'v8']));
  expect(mean(rows.map((row) => Number(row[2])))).toBeCloseTo(measure('roc-auc', model), 3);
  expect(mean(rows.map((row) => Number(row[3])))).toBeCloseTo(measure('average-precision', model), 3);
  for (const [name, , , , recall, , precision] of rows) {
    expect(share(recall)).toBeCloseTo(measure('recall', model, { class: name }), 3);
    expect(share(precision)).toBeCloseTo(measure('precision', model, { class: name }), 3);
  }
});

test('of several classes a row each has its own answers', () => {
  const model = randomMultilabel(600, 4, 0.2, 'curves');
  const rows = tableOf(showCurves(shownOf(model))?.blocks);
  expect(rows).toHaveLength(4);
  for (const [name, , , , recall, , precision] of rows) {
    expect(share(recall)).toBeCloseTo(measure('recall', model, { class: name }), 3);
    expect(share(precision)).toBeCloseTo(measure('precision', model, { class: name }), 3);
  }
});

test('the positive class of two is told in words, and stands in no column', () => {
  const { challenger } = binaryModels({ both: 900, onlyChampion: 25, onlyChallenger: 30, neither: 45 });
  const { blocks } = showCurves(shownOf(challenger)) ?? {};
  expect(blocks?.[0]).toMatchObject({
    text: expect.stringMatching(/^Positive: yes, 50(\.0)?% of the rows\.$/),
  });
  expect(tableOf(blocks)).toHaveLength(1);
});

test('of a thousand classes six are drawn, and how many are not is said', () => {
  const model = randomMulticlass(3000, 1000, 0.3, 'many');
  const figure = showCurves(shownOf(model));
  expect(tableOf(figure?.blocks)).toHaveLength(6);
  expect(figure?.blocks.at(-1)).toMatchObject({
    text: expect.stringMatching(/^Drawn: 6 of 1.000 classes/),
  });
  expect(figure?.svg).toMatch(/Drawn: 6 of 1.000 classes/);
  expect(figure?.svg.match(/class="challenger-fill"/g)?.length).toBeGreaterThanOrEqual(12);
});

test('a class that no row has, or all rows have, has no curve', () => {
  const model = randomMulticlass(300, 3, 0.3, 'none');
  const gone = model.labels.map((label) => (label === 2 ? 1 : label));
  const figure = showCurves(shownOf({ ...model, labels: gone }));
  expect(tableOf(figure?.blocks).map(([name]) => name)).toEqual(['class-0', 'class-1']);
  expect(figure?.svg).not.toMatch(/NaN/);
  expect(showCurves(shownOf({ ...model, labels: gone.fill(1) }))).toBeUndefined();
});
