/** What drift is judged by. Indices are population stability indices. */
export type DriftOptions = {
  /** Index up to which a feature counts as unchanged. */
  readonly tolerance: number;
  readonly warn: number;
  readonly act: number;
  /** Mean time between false alarms of the whole model, in seconds, if a batch is closed at the end of each cycle. */
  readonly falseAlarmSeconds: number;
  /** Length of a cycle in seconds: a day, so that hours of the day don't look like drift. */
  readonly cycleSeconds: number;
  /** Live batches from which the usual wobble is learnt when the profile has no days. */
  readonly warmUpBatches: number;
  /** Features, or columns of texts, that are not judged. */
  readonly leaveOut?: readonly string[];
  /** Up to when cycles are over; the end of the last window unless told. */
  readonly until?: string;
};

/** The usual choices: tolerance 0.02, daily batches, one false alarm a year. */
export const DEFAULT_DRIFT_OPTIONS: DriftOptions = {
  tolerance: 0.02,
  warn: 0.1,
  act: 0.25,
  falseAlarmSeconds: 365 * 86_400,
  cycleSeconds: 86_400,
  warmUpBatches: 14,
};

const BINS_FOR_MIN_ROWS = 10;

/** Rows a batch needs before it is judged: 2 (B - 1) / tolerance for ten bins, so that chance adds no more than the tolerance. */
export function minRowsOf({ tolerance }: DriftOptions): number {
  return Math.ceil((2 * (BINS_FOR_MIN_ROWS - 1)) / tolerance);
}

/** How much an index matters: `info` below the warning level, `act` where something should be done. */
export const SEVERITIES = ['info', 'warn', 'act'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The severity of an index (less what chance adds to it). */
export function severityOf(index: number, { warn, act }: DriftOptions): Severity {
  if (index >= act) return 'act';
  return index >= warn ? 'warn' : 'info';
}
