import type { LedgerState, VersionState } from '../../ledger/state.ts';

/** So many are named. */
const MOST = 5;

/** The end of a sentence that names the newest versions of a model, or of those that suit: a remedy names none that is not there. */
export function nameVersions(
  { versions }: Pick<LedgerState, 'versions'>,
  suits: (version: VersionState) => boolean = () => true,
): string {
  const newest = Object.values(versions)
    .filter(suits)
    .map(({ version }) => Number(version))
    .toSorted((left, right) => right - left)
    .slice(0, MOST);
  return newest.length === 0
    ? 'there are none yet.'
    : `the newest are ${newest.map((one) => `v${one}`).join(', ')}.`;
}
