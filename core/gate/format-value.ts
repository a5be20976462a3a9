import type { Unit } from './metrics/metric.ts';

const MINUS = '\u2212';
const THIN_SPACE = '\u2009';

/** A value in its unit: `91.8%`, or four significant digits. */
export function formatValue(value: number, unit: Unit): string {
  return unit === 'rate' ? `${trim(100 * value, rateDigits(value))}%` : formatNumber(value);
}

/** A difference in its unit with its sign: `+0.3 pp`, `−0.0021`. */
export function formatChange(change: number, unit: Unit): string {
  const magnitude = Math.abs(change);
  const text =
    unit === 'rate' ? `${trim(100 * magnitude, pointDigits(magnitude))} pp` : formatNumber(magnitude);
  return `${change < 0 ? MINUS : '+'}${text}`;
}

/** A size without its sign: `0.5 pp`, `0.005`. */
export function formatSize(size: number, unit: Unit): string {
  return formatChange(Math.abs(size), unit).slice(1);
}

/** A whole number with its thousands set apart. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/** A number to four significant digits, without exponents where people would not use them. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) return value.toExponential(2).replace('-', MINUS);
  const text = String(Number(value.toPrecision(4)));
  return text.replace('-', MINUS);
}

/** Bytes in the unit people would choose, powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatCount(bytes)} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let place = 0;
  while (value >= 1000 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${Number(value.toPrecision(4))} ${units[place] ?? ''}`;
}

/** One decimal as a rule, more where the value sits close to 0% or 100%. */
function rateDigits(value: number): number {
  const distance = Math.min(Math.abs(value), Math.abs(1 - value));
  return distance > 0 && distance < 0.01 ? 2 : 1;
}

function pointDigits(magnitude: number): number {
  return magnitude > 0 && magnitude < 0.01 ? 2 : 1;
}

/** Fixed digits, without zeros at the end beyond the first decimal. */
function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/(\.\d)0+$/, '$1');
}
