import type { Explanation } from './explanation.ts';

/** How an explanation is wanted. */
type Wanted = { readonly method: string; readonly rows: number; readonly timeoutSeconds: number };

/** Whether an explanation is what was asked for, whatever came of it. */
export function isExplanationOf(
  explanation: Explanation | undefined,
  { method, rows, timeoutSeconds }: Wanted,
): boolean {
  if (explanation === undefined) return false;
  const { asked } = explanation;
  return asked.method === method && asked.rows === rows && asked.seconds === timeoutSeconds;
}
