/** All shifts of one feature: a person who accepts one accepts it whatever its size, and wherever it began. */
const SHIFT = /^(?:drift-act|drift-warn|skew):/;

/**
 * Whether a mute of that code is one of that finding: it names the finding's code, that and what it is of (`host-lost:https://a:1`), or,
 * as `drift:x`, any shift of the feature x. Without a metric any will do.
 */
export function covers(muted: string, found: { readonly code: string; readonly metric?: string }): boolean {
  const { code, metric } = found;
  if (muted === code || muted === code.replace(SHIFT, 'drift:')) return true;
  return metric === undefined ? muted.startsWith(`${code}:`) : muted === `${code}:${metric}`;
}
