import { type Instant, isAfter } from '../instant.ts';
import type { EnvironmentState, Rollout, RolloutOutcome } from './state.ts';

/** What a rollback that names no version asks for. */
type RollbackMeaning =
  /** The open rollout ends. */
  | { readonly kind: 'end'; readonly rollout: Rollout }
  /** The champion gives way to the version before it. */
  | { readonly kind: 'return'; readonly to: string }
  /**
   * A version was taken back already, and nobody has promoted another since: to go further back takes a name. Or the last one was
   * promoted by a rollout that began after it was said: nobody meant that.
   */
  | { readonly kind: 'done'; readonly last: RolloutOutcome }
  | { readonly kind: 'nothing-before' };

/**
 * What somebody meant who asked at that time (or now, where nobody knows) for a rollback and named no version. A rollout that began
 * later was not meant, whether it is open or has been promoted since. What was open then and has been promoted since was: the champion goes, for that is what was asked for.
 */
export function readRollback(
  { rollout, champion, previous, history }: EnvironmentState,
  saidAt: Instant | undefined,
): RollbackMeaning {
  const isMeant = rollout !== undefined && (saidAt === undefined || !isAfter(rollout.startedAt, saidAt));
  if (isMeant) return { kind: 'end', rollout };
  const last = history.at(-1);
  if (last?.outcome === 'rolled-back') return { kind: 'done', last };
  if (champion === undefined || previous === undefined) return { kind: 'nothing-before' };
  if (last !== undefined && beganAfter(last, saidAt)) return { kind: 'done', last };
  return { kind: 'return', to: previous.version };
}

function beganAfter({ startedAt }: RolloutOutcome, saidAt: Instant | undefined): boolean {
  return saidAt !== undefined && startedAt !== undefined && isAfter(startedAt, saidAt);
}

/** Whether a version has ever had all requests there: what a rollback may return to, without a canary. */
export function hasServed({ champion, history }: EnvironmentState, version: string): boolean {
  return (
    champion?.version === version ||
    history.some((one) => one.outcome === 'promoted' && one.version === version)
  );
}
