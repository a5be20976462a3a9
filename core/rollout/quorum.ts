import { formatCount } from '../report/format-number.ts';
import type { Reason } from '../verdict.ts';

/** The hosts of a rollout, as they were found last. */
export type HostsFound = {
  /** All of them. */
  readonly total: number;
  /** Those that can't be reached, refuse, have yet to bring a version up, or have not obeyed the last order. */
  readonly away: readonly string[];
  /** So many may be. */
  readonly mayBeAway: number;
};

/** Whether so many hosts take part that a rollout may go on. Where any is away, `reason` says which. */
export type Quorum =
  | { readonly kind: 'all' }
  | { readonly kind: 'enough' | 'too-few'; readonly reason: Reason };

/** Counts the hosts that take part. With none of them it is never enough, whatever may be away: nobody would see a harm. */
export function judgeQuorum({ total, away, mayBeAway }: HostsFound): Quorum {
  if (away.length === 0 && total > 0) return { kind: 'all' };
  const kind = away.length <= mayBeAway && away.length < total ? 'enough' : 'too-few';
  const who = `${formatCount(away.length)} of ${formatCount(total)} hosts take no part (${away.join(', ')})`;
  const allowed = mayBeAway === 0 ? 'none may be away' : `at most ${formatCount(mayBeAway)} may be away`;
  const reason = {
    code: 'hosts-away',
    metric: 'hosts',
    message: `${who}; ${allowed}.`,
    observed: away.length,
    limit: mayBeAway,
    sampleSize: total,
  };
  return { kind, reason };
}
