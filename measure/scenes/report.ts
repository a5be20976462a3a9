import type { SceneResult } from './scene.ts';

const COLUMNS = ['scene', 'expected', 'observed', 'where to look'] as const;
const WIDTHS = [18, 44, 52, 60] as const;

/** The table that ends a demo, a line for each check, as text for a terminal. */
export function renderScenes(results: readonly SceneResult[]): string {
  const rows = results.flatMap(({ title, checks }) =>
    checks.map(({ expected, observed, held, where }, index) =>
      renderRow([index === 0 ? title : '', `${held ? '✓' : '✗'} ${expected}`, observed, where]),
    ),
  );
  const rule = WIDTHS.map((width) => '─'.repeat(width)).join('─┼─');
  return [renderRow(COLUMNS), rule, ...rows].join('\n');
}

function renderRow(cells: readonly string[]): string {
  const wrapped = cells.map((cell, column) => wrap(cell, WIDTHS[column] ?? 40));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, column) => (lines[line] ?? '').padEnd(WIDTHS[column] ?? 40))
      .join(' │ ')
      .trimEnd(),
  ).join('\n');
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text
    .split(/\s+/)
    .flatMap((long) => long.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
