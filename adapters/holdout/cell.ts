import { UnreadableError } from './unreadable.ts';

/** One value of a column as its file types it; `undefined` where there is none. */
export type Cell = string | number | bigint | boolean | undefined;

/** One value of the column `name` as a cell. What stands for no label, id, group or slice throws an UnreadableError: the column's name, and `otherwise`. */
export function toCell(value: unknown, name: string, otherwise: string): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;
  throw new UnreadableError(`${name} ${otherwise}`);
}

/** From here on Python writes a number with an exponent. */
const EXPONENT_FROM = 16;
const EXPONENT_BELOW = -4;

/** A value as text, as the Python runtime names it (`name_value`): whole numbers without a point, nothing for a missing value. */
export function nameCell(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'boolean') return cell ? 'True' : 'False';
  if (typeof cell !== 'number') return String(cell);
  if (Number.isNaN(cell)) return '';
  return Number.isSafeInteger(cell) ? String(cell === 0 ? 0 : cell) : writeFloat(cell);
}

/** A floating-point number as Python writes it. */
function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (exponent < EXPONENT_BELOW || exponent >= EXPONENT_FROM) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
