import type { Truth } from '../../core/gate/held-out.ts';
import { type Cell, nameCell } from './cell.ts';

/** The labels as class names and as numbers, as the Python runtime reads them (`name_labels`). */
export function readTruth(cells: readonly Cell[]): Truth {
  return { names: nameLabels(cells), numbers: Float64Array.from(cells, toNumber) };
}

/** One text among them makes all of them texts, else one number makes numbers of flags, and one fraction makes fractions of numbers. */
function nameLabels(cells: readonly Cell[]): readonly string[] {
  const isNumber = (cell: Cell) => typeof cell === 'number' || typeof cell === 'bigint';
  if (cells.some((cell) => typeof cell === 'string') || !cells.some(isNumber)) return cells.map(nameCell);
  const isFractional = cells.some((cell) => typeof cell === 'number' && !Number.isInteger(cell));
  return cells.map((cell) => {
    const isTurned = isFractional || typeof cell === 'boolean';
    return nameCell(isTurned && cell !== undefined ? Number(cell) : cell);
  });
}

function toNumber(cell: Cell): number {
  return cell === undefined || typeof cell === 'string' ? Number.NaN : Number(cell);
}
