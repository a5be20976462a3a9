import type { Problem } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { type LineKeys, NO_KEYS } from '../signing/line-keys.ts';
import { type LedgerReading, readLedger } from './read-ledger.ts';
import { fetchEarlier, type LedgerRepository } from './repository.ts';

/** What a reading stands in for: a commit that can't be used, by the first of its problems. */
type Damage = {
  readonly model: string;
  readonly head: string;
  readonly problem: Problem;
  readonly keys: LineKeys;
  readonly now: Instant;
};

/**
 * What stands in for a commit that can't be used: `earlier`, the newest one before it that can; or `unproven`, that commit itself, whose
 * lines follow one another and are signed by keys that this job does not know.
 */
export type StandIn = { readonly kind: 'earlier' | 'unproven'; readonly reading: LedgerReading };

/**
 * What takes back goes by this where the newest commit of a ledger can't be read or believed; `undefined` where nothing stands in. Jobs
 * write to no such commit, so the newest one that can be used is as far as the ledger honestly went. Only of signatures a job may know
 * too little: one that can't sign, or knows no key that ever signed here, has keys of the wrong time, and goes by all lines.
 */
export async function readPastDamage(
  repository: LedgerRepository,
  { model, head, problem, keys, now }: Damage,
): Promise<StandIn | undefined> {
  const ofKeys = problem.code === 'ledger-signature';
  const request = { model, known: undefined, now };
  if (!ofKeys || keys.sign !== undefined) {
    for (const commit of await fetchEarlier(repository, model)) {
      if (commit === head) continue;
      const read = await readLedger(repository, { ...request, head: commit, keys });
      if (read.ok && read.value.state.events > 0) return { kind: 'earlier', reading: read.value };
    }
  }
  if (!ofKeys) return undefined;
  const read = await readLedger(repository, { ...request, head, keys: NO_KEYS });
  return read.ok ? { kind: 'unproven', reading: read.value } : undefined;
}
