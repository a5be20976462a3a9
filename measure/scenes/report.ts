import { existsSync, readFileSync } from 'node:fs';
import type { FailedTest } from '../counts.ts';
import type { SceneResult } from './scene.ts';

const COLUMNS = ['scene', 'expected', 'observed', 'where to look'] as const;
const WIDTHS = [18, 44, 52, 60] as const;

/** As much of the log of a run as says how it ended, in lines. */
const LOG_LINES = 30;

/** The checks that did not hold, each with what was seen and, where a log tells of it, how that ends. */
export function failedChecks(results: readonly SceneResult[]): readonly FailedTest[] {
  return results.flatMap(({ title, checks }) =>
    checks
      .filter(({ held }) => !held)
      .map(({ expected, observed, where }) => ({
        test: `${title}: ${expected}`,
        says: [observed, where, ...endOf(where)].join('\n'),
      })),
  );
}

function endOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_LINES) : [];
}

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
