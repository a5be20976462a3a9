import { expect, it } from 'vitest';
import { monitorRows } from '../../../measure/simulate/year/monitor.ts';

/** A small part of the full simulation: enough to see a broken promise, not to measure how well it is kept. */
const rows = monitorRows({ scale: 0.02, seed: 1 });

it.each(rows)('row $row, $quantity: $target', ({ met, observed }) => {
  expect(met, observed).toBe(true);
});
