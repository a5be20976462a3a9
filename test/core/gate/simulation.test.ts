import { describe, expect, test } from 'vitest';
import { gateRows } from '../../../measure/simulate/gate.ts';
import { renderDecisions, renderTable, replaceRows } from '../../../measure/simulate/render-decisions.ts';
import { keepsPromise } from '../../../measure/simulate/simulation-row.ts';

const ROWS = gateRows({ scale: 0.02, seed: 1 });

/** The last percentage in a text. */
function lastPercent(text: string | undefined): number {
  return Number(/(\d+(?:\.\d+)?)%(?!.*%)/.exec(text ?? '')?.[1] ?? Number.NaN);
}

describe('the gate keeps its promises on simulated truth, in short', () => {
  test.each(ROWS.map((row) => [row.quantity, row] as const))('%s', (_, row) => {
    expect(row.met, `${row.observed}, promised ${row.target}`).toBe(true);
  });

  test('and other rules on the same draws do not', () => {
    for (const row of ROWS.filter(({ anchors }) => anchors.length > 0)) {
      for (const anchor of row.anchors)
        expect(lastPercent(anchor.value), anchor.name).toBeGreaterThan(lastPercent(row.target));
    }
  });

  test('and each of its promises is among them', () => {
    expect(ROWS.map(({ row }) => row)).toEqual([5, 5, 20, 21, 22, 23, 6, 19, 7, 14, 15]);
  });
});

test('a promise counts as broken in a short run only when chance does not explain it, and in a full run at once', () => {
  expect(keepsPromise(56, 1000, { most: 0.05, fullDraws: 10_000 })).toBe(true);
  expect(keepsPromise(75, 1000, { most: 0.05, fullDraws: 10_000 })).toBe(false);
  expect(keepsPromise(501, 10_000, { most: 0.05, fullDraws: 10_000 })).toBe(false);
  expect(keepsPromise(500, 10_000, { most: 0.05, fullDraws: 10_000 })).toBe(true);
});

test('the table has one line per row, and bars in a text do not break it', () => {
  const row = {
    row: 1,
    quantity: 'a | b',
    anchors: [{ name: 'x', value: '1' }],
    target: 't',
    observed: 'o',
    met: false,
  };
  expect(renderTable([row]).split('\n')[2]).toBe('| 1 | a \\| b | t | o | x: 1 | **no** |');
});

test('sections that are measured by themselves take the place of their rows, and of no others', () => {
  const rowOf = (row: number, observed: string) => ({
    ...{ row, quantity: 'q', anchors: [], target: 't', observed, met: true },
  });
  const rows = [rowOf(1, 'a'), rowOf(8, 'b'), rowOf(8, 'c'), rowOf(10, 'd'), rowOf(14, 'e')];
  const page = renderDecisions(rows, { scale: 1, seed: 1 });
  const renewed = [rowOf(8, 'B'), rowOf(10, 'D'), rowOf(24, 'F')];
  const expected = [rowOf(1, 'a'), rowOf(8, 'B'), rowOf(10, 'D'), rowOf(14, 'e'), rowOf(24, 'F')];
  expect(replaceRows(page, renewed)).toBe(renderDecisions(expected, { scale: 1, seed: 1 }));
});

test('the page says how to make it again, and a short run does not pass for a full one', () => {
  expect(renderDecisions([], { scale: 1, seed: 3 })).toContain('Made by `npm run simulate -- --seed 3`;');
  expect(renderDecisions([], { scale: 0.1, seed: 1 })).toContain(
    '`npm run simulate -- --scale 0.1 --seed 1 --write`',
  );
});
