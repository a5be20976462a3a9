import type { Envelope } from '../../core/ledger/envelope.ts';
import type { LocalPackage, PackagePlace, PackageSource } from './package-source.ts';

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

/** A version in the package that lies at `place`. */
type Packed = Omit<Startable, 'package' | 'fetch'> & { readonly place: PackagePlace };

/** Makes a version ready to be started. Its files are downloaded once, when the first host needs them. */
export function startableOf(packages: Pick<PackageSource, 'fetch'>, { place, ...packed }: Packed): Startable {
  let local: Promise<LocalPackage> | undefined;
  return {
    ...packed,
    package: place.package,
    fetch: () => {
      local ??= packages.fetch(place);
      return local;
    },
  };
}
