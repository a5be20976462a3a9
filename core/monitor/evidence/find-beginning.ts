import type { FeatureJudgement } from '../../drift/judge-feature.ts';

/** When a shift that stands began to be seen, and at the end of which batch the alarm was raised: the start of both (ISO 8601). */
export type ShiftBeginning = { readonly began: string; readonly alarmed: string };

/**
 * The batch in which the alarm was raised, and the first of those right before it that were all at the level `warn` or above. The alarm
 * waits for evidence; the shift is there before it. `undefined` where no alarm stands.
 */
export function findBeginning(
  { alarm, history }: Pick<FeatureJudgement, 'alarm' | 'history'>,
  warn: number,
): ShiftBeginning | undefined {
  const raised = alarm === undefined ? -1 : history.findIndex(({ to }) => to === alarm.since);
  const alarmed = history[raised];
  if (alarmed === undefined) return undefined;
  const before = history.slice(0, raised);
  const quiet = before.findLastIndex(({ index }) => index < warn);
  return { began: (history[quiet + 1] ?? alarmed).from, alarmed: alarmed.from };
}
