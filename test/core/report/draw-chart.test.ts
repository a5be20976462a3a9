import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawChart } from '../../../core/report/draw-chart.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { renderPlain } from '../../../core/report/render-plain.ts';
import type { Chart } from '../../../core/report/report.ts';
import { anyText, PLACES } from './any-report.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const CHART: Chart = {
  kind: 'chart',
  title: 'Evidence of harm, and its limit',
  x: 'Polls',
  y: 'Powers of ten (0 is 1:1)',
  values: [0, -0.314, 0.5, -0.001],
  level: 2,
};

/** The whole of what is written of Mermaid's grammar, which Mermaid 12.3 was seen to draw so. Its own parser weighs 200 MB. */
const NUMBER = String.raw`-?\d+(?:\.\d{1,2})?`;
const NUMBERS = String.raw`\[${NUMBER}(?:, ${NUMBER}){1,39}\]`;
const MERMAID = new RegExp(
  [
    String.raw`^---\nconfig:\n  themeVariables:\n    xyChart:\n      plotColorPalette: '#[0-9a-f]{6}, #[0-9a-f]{6}'\n---`,
    'xychart-beta',
    '  title "[^"`<>{};%#\\n]*"',
    String.raw`  x-axis "[^"\n]*" 1 --> \d+`,
    String.raw`  y-axis "[^"\n]*" ${NUMBER} --> ${NUMBER}`,
    `  line ${NUMBERS}`,
    `  line ${NUMBERS}$`,
  ].join('\n'),
);

it('draws values and their level as two lines of Mermaid', () => {
  expect(drawChart(CHART)?.split('\n').slice(6)).toEqual([
    'xychart-beta',
    '  title "Evidence of harm, and its limit"',
    '  x-axis "Polls" 1 --> 4',
    '  y-axis "Powers of ten (0 is 1:1)" -0.31 --> 2',
    '  line [0, -0.31, 0.5, 0]',
    '  line [2, 2, 2, 2]',
  ]);
});

it('draws at most 40 points of many values, the highest of each stretch, and says how many there were', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => (index === 7_777 ? 3.5 : index / 10_000));
  const drawn = drawChart({ ...CHART, values }) ?? '';
  expect(drawn).toContain('x-axis "Polls" 1 --> 10000');
  expect(drawn).toContain('--> 3.5');
  const [shown = '', level = ''] = [...drawn.matchAll(/line \[(.*)\]/g)].map(([, line]) => line);
  expect(shown.split(', ')).toHaveLength(40);
  expect(shown.split(', ')).toContain('3.5');
  expect(level.split(', ')).toHaveLength(40);
});

it('draws nothing of one value, or of one that is no number', () => {
  expect(drawChart({ ...CHART, values: [1] })).toBeUndefined();
  expect(drawChart({ ...CHART, values: [1, Number.POSITIVE_INFINITY] })).toBeUndefined();
  expect(drawChart({ ...CHART, level: Number.NaN })).toBeUndefined();
});

it('is of Mermaid’s grammar whatever numbers and texts it is given', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const text = fc.oneof(anyText, fc.constantFrom(...HOSTILE_TEXTS, '"', '%%{init: {}}%%', '#quot;'));
  fc.assert(
    fc.property(text, fc.array(number, { minLength: 2, maxLength: 200 }), number, (any, values, level) => {
      expect(drawChart({ ...CHART, title: any, x: any, y: any, values, level })).toMatch(MERMAID);
    }),
    { numRuns: 500 },
  );
});

it('stands in its fence in every place of GitHub, whole or not at all, and not in a terminal', () => {
  const report = { sign: 'in-progress', blocks: [{ kind: 'paragraph', text: 'In words.' }, CHART] } as const;
  for (const place of PLACES) {
    const fenced = /^```mermaid\n(?<drawn>[\s\S]*?)\n```$/m.exec(renderMarkdown(report, place));
    expect(fenced?.groups?.['drawn']).toMatch(MERMAID);
    const long = { ...report, blocks: Array.from({ length: 9_000 }, () => CHART) };
    const cut = renderMarkdown(long, place);
    expect(cut.match(/^```mermaid$/gm)?.length).toBe(cut.match(/^```$/gm)?.length);
    expect(cut).toContain('are left out or shortened');
  }
  expect(renderPlain(report).slice(1)).toEqual(['', 'In words.']);
});
