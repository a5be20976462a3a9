import process from 'node:process';
import { quantileOf } from '../../core/statistics/intervals/quantile-bound.ts';

const NAME_WIDTH = 24;

/** The `q`-quantile of values in any order, by linear interpolation; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  return quantileOf(
    values.toSorted((left, right) => left - right),
    q,
  );
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Prints one figure of a benchmark beside its name. */
export function printLine(name: string, value: string): void {
  console.log(`${name.padEnd(NAME_WIDTH)} ${value}`);
}

/** Processor seconds of this process so far. */
export function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Prints a figure of a benchmark with its goal, and whether it is met; what is measured in little is not judged. */
export function printGoal(
  name: string,
  value: string,
  goal: { readonly says: string; readonly isMet: boolean },
): void {
  printLine(name, `${value} (goal ${goal.says}: ${goal.isMet ? 'met' : 'missed'})`);
}
