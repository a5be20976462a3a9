import type { Truth } from '../../core/gate/held-out.ts';
import { type Cell, nameCell, writeFloat } from './cell.ts';

/** The labels as class names and as numbers, as the Python runtime reads them (`name_labels`). */
export function readTruth(cells: readonly Cell[]): Truth {
  const isFractional = cells.some((cell) => typeof cell === 'number' && !Number.isInteger(cell));
  const name = (cell: Cell) => (isFractional && typeof cell === 'number' ? writeFloat(cell) : nameCell(cell));
  return { names: cells.map(name), numbers: Float64Array.from(cells, toNumber) };
}

function toNumber(cell: Cell): number {
  return cell === undefined || typeof cell === 'string' ? Number.NaN : Number(cell);
}
