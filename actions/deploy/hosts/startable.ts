import type { LedgerState, VersionState } from '../../../core/ledger/state.ts';
import type { LocalPackage, PackagePlace } from '../../serving/package-source.ts';
import type { Patience, Startable } from '../../serving/start-on-host.ts';
import type { Deployment } from '../deploy-context.ts';

/** How long an instance may take to become ready (models of gigabytes load from disk and warm up), in ms. */
const READY_TIMEOUT_MS = 15 * 60_000;

/** A version with its signed provenance; its files are downloaded once, when the first host needs them. */
export function startableOf(
  { request, ports }: Deployment,
  state: LedgerState,
  version: VersionState,
  place: PackagePlace,
): Startable {
  let local: Promise<LocalPackage> | undefined;
  return {
    model: request.config.model,
    version: version.version,
    package: place.package,
    fetch: () => {
      local ??= ports.packages.fetch(place);
      return local;
    },
    envelope: ports.attest(state, version, place.package),
  };
}

/** How long this job waits for a version to become ready. */
export function patienceOf({ request, ports }: Deployment): Patience {
  return { clock: ports.clock, readyMs: READY_TIMEOUT_MS, signal: request.signal };
}
