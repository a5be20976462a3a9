import { highestOfEach } from './highest-of-each.ts';
import type { Chart } from './report.ts';

/** Points that a chart has at most: a comment has room for them, and an eye for no more. */
const MOST_POINTS = 40;
/** Of the values, and of their level; Mermaid's own are pale on white. Both are seen on light and on dark. */
const COLOURS = '#2f81f7, #da3633';
/** What may not stand in a text of a chart: what ends it, begins a comment or a directive, or is an entity to Mermaid. */
const NOT_TEXT = /[^\p{L}\p{N} .,:()/-]+/gu;

/** The chart as Mermaid's lines, which GitHub draws; `undefined` where there is no line to draw, or a value is none. */
export function drawChart({ title, x, y, values, level }: Chart): string | undefined {
  if (values.length < 2 || ![...values, level].every(Number.isFinite)) return undefined;
  const shown = highestOfEach(values, MOST_POINTS).map(round);
  const limit = round(level);
  return [
    '---',
    'config:',
    '  themeVariables:',
    '    xyChart:',
    `      plotColorPalette: '${COLOURS}'`,
    '---',
    'xychart-beta',
    `  title ${quote(title)}`,
    `  x-axis ${quote(x)} 1 --> ${values.length}`,
    `  y-axis ${quote(y)} ${Math.min(0, limit, ...shown)} --> ${Math.max(limit, ...shown)}`,
    `  line [${shown.join(', ')}]`,
    `  line [${shown.map(() => limit).join(', ')}]`,
  ].join('\n');
}

/** Two decimals, and no sign before 0. */
function round(value: number): number {
  return Number(value.toFixed(2)) + 0;
}

function quote(text: string): string {
  return `"${text.replaceAll(NOT_TEXT, ' ').trim()}"`;
}
