/** One promise about how often a decision is wrong, or how soon it is right, measured by simulation beside what other rules do. */
export type SimulationRow = {
  /** The row's number in the table of promises; it never changes. */
  readonly row: number;
  readonly quantity: string;
  /** The same data judged by other well-known rules. */
  readonly anchors: readonly { readonly name: string; readonly value: string }[];
  readonly target: string;
  readonly observed: string;
  readonly met: boolean;
};

export type SimulationOptions = {
  /** 1 is the full number of draws, less is that share of it. */
  readonly scale: number;
  /** Every random number depends on it and on nothing else. */
  readonly seed: number;
};

/** How many draws a simulation makes at this scale, at least `least`. */
export function drawsAt(full: number, scale: number, least = 100): number {
  return Math.min(full, Math.max(least, Math.round(full * scale)));
}

/** The middle one of these values, the lower of two; NaN of none. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** A median of what may never have come, which is infinite then. */
export function formatMedian(median: number): string {
  return Number.isFinite(median) ? String(median) : 'never';
}

/** `3.2%` of so many. */
export function formatShare(count: number, total: number): string {
  return `${((100 * count) / total).toFixed(count * 100 < total ? 2 : 1)}%`;
}

/**
 * Whether `count` of `draws` keeps a promise of at most the share `most`. With fewer draws than full the count may be over it by what
 * chance explains (three standard deviations), so that only a promise shown to be broken is called broken.
 */
export function keepsPromise(
  count: number,
  draws: number,
  { most, fullDraws }: { readonly most: number; readonly fullDraws: number },
): boolean {
  const slack = draws < fullDraws ? 3 * Math.sqrt(draws * most * (1 - most)) : 0;
  return count <= most * draws + slack;
}
