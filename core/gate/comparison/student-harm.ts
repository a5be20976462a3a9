import { studentSurvival } from '../../statistics/distributions/student-t.ts';
import type { Difference } from './comparison.ts';

/** The p of harm by Student's t. Where all rows differ by the same, and none could show otherwise, the difference is what it is. */
export function studentHarm(
  { estimate, standardError }: Pick<Difference, 'estimate' | 'standardError'>,
  df: number,
): Difference['harmP'] {
  return (margin) => {
    if (standardError === 0) return estimate < -margin ? 0 : 1;
    return studentSurvival(-(estimate + margin) / standardError, df);
  };
}
