import { z } from 'zod';
import type { Problem } from '../../errors.ts';
import { digestSchema } from '../../identity/digest.ts';
import { LEDGER_BRANCH } from '../../names.ts';
import type { LedgerState } from '../state.ts';

/**
 * How far one model's ledger was seen to go: so many events, of which `last` is the id of the last and `digest` that of its line, on the
 * branch at `commit`. Kept where a ledger that is lost or rewritten can't take it along: in a run, on the hosts, and in what is signed.
 * A line names the one before it, so one digest stands for all lines up to it. Older versions remember none.
 */
export const ledgerHeadSchema = z.object({
  commit: z.string().min(1),
  events: z.int().positive(),
  last: z.string().min(1),
  digest: digestSchema.exactOptional(),
});

/** See `ledgerHeadSchema`. */
export type LedgerHead = Readonly<z.infer<typeof ledgerHeadSchema>>;

/** A head, and who remembers it: a host, by its address, or an earlier job. */
export type SeenHead = { readonly by: string; readonly head: LedgerHead };

/** What hosts say of a ledger when they are asked: what they remember, and who does not answer, by address. */
export type Remembered = {
  readonly heads: readonly SeenHead[];
  readonly silent: readonly string[];
};

/** How far a ledger goes; `undefined` when it holds nothing of the model, was read from no branch, or is not believed as it stands. */
export function headOf({ events, ids, origin, doubt }: LedgerState): LedgerHead | undefined {
  const last = nth(ids, events);
  if (origin === undefined || doubt !== undefined || last === undefined) return undefined;
  const digest = origin.digests[events - 1];
  return { commit: origin.commit, events, last, ...(digest !== undefined && { digest }) };
}

/**
 * Whether this ledger no longer holds what was seen of it: it is shorter, or goes another way. One that says it replaces that does, and
 * an earlier state that stands in for a newer one may be shorter.
 */
export function isLost(state: LedgerState, { commit, events, last, digest }: LedgerHead): boolean {
  if (state.origin?.replaces.includes(commit) === true) return false;
  if (state.doubt?.kind === 'earlier' && events > state.events) return false;
  if (nth(state.ids, events) !== last) return true;
  const recorded = state.origin?.digests[events - 1];
  return digest !== undefined && recorded !== undefined && digest !== recorded;
}

/** What to say, and to do, when a ledger has lost what others remember of it; nothing when it has lost nothing. */
export function findLoss(state: LedgerState, seen: readonly SeenHead[]): Problem | undefined {
  const lost = seen.filter(({ head }) => isLost(state, head));
  const longest = lost.toSorted((left, right) => right.head.events - left.head.events)[0];
  if (longest === undefined) return undefined;
  const { by, head } = longest;
  const has = state.events === 0 ? 'holds none' : `holds ${state.events}, and not that one there`;
  const commits = [...new Set(lost.map((one) => one.head.commit))].map((commit) => JSON.stringify(commit));
  return {
    code: 'ledger-lost',
    message: `This is not the ledger that was seen before. ${by} remembers ${head.events} events of ${state.model} up to ${head.last}, at commit ${head.commit}; the branch ${LEDGER_BRANCH} ${has}.`,
    remedy: `Nothing is written to it. Put it back from a clone that has that commit: \`git push origin +${head.commit}:refs/heads/${LEDGER_BRANCH}\`. When it is gone for good, docs/operations.md says how to begin another one, which names what it replaces: ${commits.join(', ')}.`,
  };
}

function nth(ids: ReadonlySet<string>, number: number): string | undefined {
  if (number < 1 || number > ids.size) return undefined;
  let at = 0;
  for (const id of ids) {
    at += 1;
    if (at === number) return id;
  }
  return undefined;
}
