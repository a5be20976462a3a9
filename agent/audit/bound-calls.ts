import { epochMs, type Instant } from '../../core/instant.ts';
import type { AuditCall, AuditRest } from '../../core/serving/audit-entry.ts';

/** So many calls of a kind by one token, or by all strangers, are written down a minute, and of the rest how many there were. */
const MOST = { labels: 1, denied: 10, refused: 10 } as const satisfies Record<AuditRest['of'], number>;
const MINUTE_MS = 60_000;

/** What one token, or all strangers, did in a minute. */
type Minute = Omit<AuditRest, 'untold'> & { readonly since: number; readonly calls: number };

/** Bounds how many calls of who can do little are written down. */
type CallBound = {
  /** Whether a call is to be written down; else it is counted. */
  readonly take: (of: AuditRest['of'], call: AuditCall) => boolean;
  /** What was counted in minutes that are over, or without a time in all of them; they are forgotten. */
  readonly settle: (now?: Instant) => readonly AuditRest[];
};

/** A bound that nobody has come up to. */
export function createCallBound(): CallBound {
  const minutes = new Map<string, Minute>();
  return {
    take: (of, { at, by }) => {
      const key = by.kind === 'token' ? `${of} ${by.fingerprint}` : `${of} ${by.kind}`;
      const { since = epochMs(at), calls = 0 } = minutes.get(key) ?? {};
      minutes.set(key, { at, of, by: groupOf(by), since, calls: calls + 1 });
      return calls < MOST[of];
    },
    settle: (now) => {
      // A clock that was set back begins anew, too.
      const isOver = ({ since }: Minute) => now === undefined || Math.abs(epochMs(now) - since) >= MINUTE_MS;
      const over = [...minutes].filter(([, minute]) => isOver(minute));
      for (const [key] of over) minutes.delete(key);
      return over.flatMap(([, { at, of, by, calls }]) =>
        calls > MOST[of] ? [{ at, of, by, untold: calls - MOST[of] }] : [],
      );
    },
  };
}

function groupOf(by: AuditCall['by']): AuditRest['by'] {
  return by.kind === 'stranger' ? { kind: 'strangers' } : by;
}
