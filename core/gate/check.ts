import type { Interval, Reason, Verdict } from '../verdict.ts';
import type { Unit } from './metrics/metric.ts';

/** A difference of the challenger from the champion, signed so that positive is better whatever the metric's direction. */
type Change = { readonly estimate: number; readonly interval: Interval };

/** One value of a slice column. `verdict` is `undefined` when the slice is too small to be judged and is only reported. */
export type SliceRow = {
  readonly slice: string;
  readonly rows: number;
  readonly champion?: number;
  readonly challenger?: number;
  readonly change?: Change;
  /** How much worse still counts as not worse here, in the metric's unit. */
  readonly margin?: number;
  /** Holm-adjusted p of harm beyond the margin, for guard slices. */
  readonly adjustedP?: number;
  /** The smallest margin that so many rows settle four times in five. */
  readonly resolvable?: number;
  readonly verdict?: Verdict;
};

/** One group of a fairness check and its rate: of positive answers, or of positive answers among the rows of one label. */
export type GroupRow = {
  readonly group: string;
  readonly outcome: string;
  readonly rows: number;
  readonly rate: number;
  readonly judged: boolean;
};

/** What one rule of the gate came to. Plain data, written to the evidence artifact as it is. */
export type Check = {
  readonly rule: string;
  readonly metric: string;
  readonly unit?: Unit;
  readonly champion?: number;
  readonly challenger?: number;
  readonly change?: Change;
  /** Whose value is the number that its training logged: nothing here has measured it. */
  readonly asLogged?: readonly ('champion' | 'challenger')[];
  /** What the rule asks for, in words. */
  readonly need: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  /** For an inconclusive check, what would settle it. */
  readonly toSettle?: string;
  readonly slices?: readonly SliceRow[];
  readonly groups?: readonly GroupRow[];
};
