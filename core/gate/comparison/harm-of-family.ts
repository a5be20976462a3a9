import type { Comparison } from './comparison.ts';

/** So many tests of a rule are given the draws that the whole family needs: in all about as many draws as comparing them took. */
const MOST_REFINED = 50;

/** A comparison, if there is one, and how much worse is allowed for. */
type Tested = { readonly comparison: Comparison | undefined; readonly margin: number };

/**
 * p of harm of each test of one rule, in the order given, where `family` tests share one error. What proves harm at all is among those that
 * look worst; the others keep the p of the draws that they were compared by, which is as valid and only never as small.
 */
export function harmOfFamily(tests: readonly Tested[], family: number): readonly number[] {
  const looks = tests.map(({ comparison, margin }, index) => ({
    index,
    p: comparison?.harmP(margin, 1) ?? 1,
    distance: comparison === undefined ? 0 : distanceOf(comparison, margin),
  }));
  const worstFirst = looks.toSorted((a, b) => a.p - b.p || order(a.distance, b.distance));
  const refined = new Set(worstFirst.slice(0, MOST_REFINED).map(({ index }) => index));
  return tests.map(({ comparison, margin }, index) =>
    refined.has(index) ? (comparison?.harmP(margin, family) ?? 1) : (looks[index]?.p ?? 1),
  );
}

/** How far better than the margin allows, in standard errors. */
function distanceOf({ estimate, standardError }: Comparison, margin: number): number {
  return (estimate + margin) / Math.max(standardError, Number.MIN_VALUE);
}

/** Their difference would be no number where both are infinite. */
function order(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}
