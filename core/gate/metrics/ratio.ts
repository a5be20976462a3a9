/** A part of a whole; 0 of nothing, as scikit-learn has it. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
