/** The three answers every judgement may give. Too little data is `inconclusive`; it never passes. */
export const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A two-sided confidence interval in the unit of the quantity it bounds; `level` is its coverage, e.g. 0.9. */
export type Interval = { readonly low: number; readonly high: number; readonly level: number };

/**
 * Why a check came out as it did, with everything needed to print and to dispute it.
 * `code` is stable and machine-readable (kebab-case); `message` is one plain sentence.
 */
export type Reason = {
  readonly code: string;
  readonly metric: string;
  readonly message: string;
  readonly observed?: number;
  readonly limit?: number;
  readonly sampleSize?: number;
  readonly interval?: Interval;
};

const SEVERITY: Readonly<Record<Verdict, number>> = { pass: 0, inconclusive: 1, fail: 2 };

/** The verdict of several checks together: any `fail` fails, else any `inconclusive` holds; none at all is `inconclusive`. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'inconclusive';
  return verdicts.reduce((worst, verdict) => (SEVERITY[verdict] > SEVERITY[worst] ? verdict : worst), 'pass');
}
