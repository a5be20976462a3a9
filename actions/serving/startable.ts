import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LocalPackage, PackagePlace, PackageSource } from './package-source.ts';
import { type LedgerSubject, requirePackageOf } from './require-package-of.ts';

/** A version, and what a host needs to bring it up. */
export type Startable = {
  readonly model: string;
  readonly version: string;
  /** `<model>@sha256:…` */
  readonly package: string;
  /** Brings its files to this machine: asked for only where a host does not run it already. */
  readonly fetch: () => Promise<LocalPackage>;
  /** Its signed provenance, where there is one: asked for likewise. */
  readonly prove: () => Promise<Envelope | undefined>;
};

/** A version as the ledger knows it, in the package that lies at `place`. */
type Packed = Pick<Startable, 'prove'> & { readonly subject: LedgerSubject; readonly place: PackagePlace };

/**
 * Makes a version ready to be started. Its files are downloaded once, when the first host needs them, and are no host's where they are
 * not of this version: then `fetch` rejects with a UserError.
 */
export function startableOf(
  packages: Pick<PackageSource, 'fetch'>,
  { subject, place, prove }: Packed,
): Startable {
  const { model, version } = subject;
  const fetchOwn = async () => {
    const fetched = await packages.fetch(place);
    requirePackageOf(subject, place.package, fetched.manifest);
    return fetched;
  };
  let local: Promise<LocalPackage> | undefined;
  return {
    ...{ model, version, package: place.package, prove },
    fetch: () => {
      local ??= fetchOwn();
      return local;
    },
  };
}
