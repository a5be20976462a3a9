import type { LedgerState } from '../state.ts';

/**
 * Where a version serves in another package than that, and in which: what serves keeps its package, so nothing can be put in its place
 * by a word. `undefined` where it serves in this one or nowhere.
 */
export function findServedPackage(
  { environments }: Pick<LedgerState, 'environments'>,
  { version, package: named }: { readonly version: string; readonly package: string },
): { readonly environment: string; readonly package: string } | undefined {
  for (const [environment, { champion }] of Object.entries(environments)) {
    if (champion?.version === version && champion.package !== named) {
      return { environment, package: champion.package };
    }
  }
  return undefined;
}
