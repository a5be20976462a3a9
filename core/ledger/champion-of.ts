import { environmentOf, type LedgerState, lookUp, type VersionState } from './state.ts';

/** What a challenger is compared with: the champion's version and the model behind it. */
export type Champion = Pick<VersionState, 'version' | 'modelUri' | 'modelDigest' | 'runId'>;

/**
 * The version that serves an environment, and all that the ledger knows of it. `undefined` where nothing was ever promoted, where the
 * ledger does not know the version, and where there is no environment.
 */
export function championOf(state: LedgerState, environment: string | undefined): VersionState | undefined {
  const champion = environment === undefined ? undefined : environmentOf(state, environment).champion;
  return champion && lookUp(state.versions, champion.version);
}
