import type { LedgerState, VersionState } from '../../../core/ledger/state.ts';
import type { PackagePlace } from '../../serving/package-source.ts';
import type { Patience } from '../../serving/start-on-host.ts';
import { type Startable, startableOf } from '../../serving/startable.ts';
import type { Deployment } from '../deploy-context.ts';

/** How long an instance may take to become ready (models of gigabytes load from disk and warm up), in ms. */
const READY_TIMEOUT_MS = 15 * 60_000;

/** A version in its package, with the provenance that this job signs for it. */
export function attestedStartable(
  { request, ports }: Deployment,
  state: LedgerState,
  version: VersionState,
  place: PackagePlace,
): Startable {
  const envelope = ports.attest(state, version, place.package);
  return startableOf(ports.packages, {
    model: request.config.model,
    version: version.version,
    place,
    envelope,
  });
}

/** How long this job waits for a version to become ready. */
export function patienceOf({ request, ports }: Deployment): Patience {
  return { clock: ports.clock, readyMs: READY_TIMEOUT_MS, signal: request.signal };
}
