import { UserError } from '../../core/errors.ts';
import { type LedgerState, lookUp, type VersionState } from '../../core/ledger/state.ts';

/** A registered version. Throws a UserError when the ledger does not know it. */
export function requireVersion(state: LedgerState, version: string): VersionState {
  const known = lookUp(state.versions, version);
  if (known !== undefined) return known;
  const registered = Object.keys(state.versions).join(', ') || 'none';
  throw new UserError([
    {
      code: 'version-unknown',
      message: `The ledger has no version ${version} of ${state.model} (it has ${registered}).`,
      remedy: 'Name one of these, or train and register a new one.',
    },
  ]);
}
