import path from 'node:path';
import { type ReferenceProfile, referenceProfileSchema } from '../../core/drift/profile.ts';
import { UserError } from '../../core/errors.ts';
import { digestHex } from '../../core/identity/digest.ts';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { parsePackageName } from '../../core/identity/package-name.ts';
import type { FolderFiles } from '../../core/ledger/bundle/model-statement.ts';
import type { BuiltPackage } from '../../core/ledger/state.ts';
import { PACKAGE_FILES } from '../../core/names.ts';
import type { Tracking } from '../../core/ports.ts';
import { type PackageManifest, packageManifestSchema } from '../../core/serving/package-manifest.ts';

/** A package on this machine, every file checked against its digest. */
export type LocalPackage = {
  readonly manifest: PackageManifest;
  readonly manifestDigest: string;
  readonly blobs: readonly { readonly digest: string; readonly file: string }[];
};

/** What a package that the build job stored with a run says of itself, and what the ledger is to say of it. */
type DescribedPackage = {
  readonly manifest: Pick<PackageManifest, 'model' | 'version' | 'runId' | 'modelDigest'>;
  readonly built: Omit<BuiltPackage, 'at'>;
  /** Its files with their digests, the manifest among them: each by its name in the package's folder, in hex. */
  readonly files: FolderFiles;
};

/** Where packages come from. */
export type PackageSource = {
  readonly describe: (packageName: string, runId: string) => Promise<DescribedPackage>;
  /** Downloads and checks all files of a package. */
  readonly fetch: (built: PackagePlace) => Promise<LocalPackage>;
  /** Downloads and checks the reference profile of a package alone; `undefined` when it has none. */
  readonly fetchProfile: (built: PackagePlace) => Promise<ReferenceProfile | undefined>;
};

/** Where the files of a package lie. */
export type PackagePlace = Pick<BuiltPackage, 'package' | 'runId' | 'artifactPath'>;

type PackageSourceOptions = {
  readonly tracking: Tracking;
  readonly folder: string;
  readonly hashFile: (file: string) => Promise<string>;
  readonly readText: (file: string) => Promise<string>;
};

/** Packages in the artifacts of MLflow runs. The build job ran the user's code, so nothing is believed that its digest does not prove. */
export function createPackageSource(options: PackageSourceOptions): PackageSource {
  return {
    describe: async (packageName, runId) => {
      const { manifest, digest } = await fetchManifest(options, packageName, runId);
      const parts = [manifest.payload, manifest.profile, manifest.golden];
      const sizeBytes = parts.reduce((sum, part) => sum + (part?.size ?? 0), 0);
      const artifactPath = packageFolder(digest);
      const files = new Map(
        [[PACKAGE_FILES.manifest, digest] as const, ...filesOf(manifest)].map(([name, one]) => [
          name,
          digestHex(one),
        ]),
      );
      return { manifest, files, built: { package: packageName, runId, artifactPath, sizeBytes } };
    },
    fetch: async (built) => {
      const { manifest, digest, file } = await fetchManifest(options, built.package, built.runId);
      const blobs = [{ digest, file }];
      for (const [name, expected] of filesOf(manifest)) {
        const target = path.join(options.folder, name);
        await fetchFile(options, built, name, expected, target);
        blobs.push({ digest: expected, file: target });
      }
      return { manifest, manifestDigest: digest, blobs };
    },
    fetchProfile: async (built) => {
      const { manifest } = await fetchManifest(options, built.package, built.runId);
      if (manifest.profile === undefined) return undefined;
      const file = path.join(options.folder, PACKAGE_FILES.profile);
      await fetchFile(options, built, PACKAGE_FILES.profile, manifest.profile.digest, file);
      return referenceProfileSchema.parse(JSON.parse(await options.readText(file)));
    },
  };
}

async function fetchManifest(options: PackageSourceOptions, packageName: string, runId: string) {
  const parsed = parsePackageName(packageName);
  if (parsed === undefined) throw invalidName(packageName);
  const { digest } = parsed;
  const file = path.join(options.folder, PACKAGE_FILES.manifest);
  await options.tracking.downloadArtifact(runId, `${packageFolder(digest)}/${PACKAGE_FILES.manifest}`, file);
  await requireDigest(options, file, digest, `${packageFolder(digest)}/${PACKAGE_FILES.manifest}`);
  const manifest = packageManifestSchema.parse(JSON.parse(await options.readText(file)));
  // The name of a file in a manifest may not lead out of the folder it is written to.
  if (manifest.payload.kind === 'mar' && path.basename(manifest.payload.file) !== manifest.payload.file) {
    throw invalidName(manifest.payload.file);
  }
  return { manifest, digest, file };
}

async function fetchFile(
  options: PackageSourceOptions,
  { runId, artifactPath }: PackagePlace,
  name: string,
  expected: string,
  target: string,
): Promise<void> {
  await options.tracking.downloadArtifact(runId, `${artifactPath}/${name}`, target);
  await requireDigest(options, target, expected, `${artifactPath}/${name}`);
}

function filesOf({ payload, profile, golden }: PackageManifest): readonly (readonly [string, string])[] {
  return [
    ...(payload.kind === 'mar' ? [[payload.file, payload.digest] as const] : []),
    ...(profile === undefined ? [] : [[PACKAGE_FILES.profile, profile.digest] as const]),
    ...(golden === undefined ? [] : [[PACKAGE_FILES.golden, golden.digest] as const]),
  ];
}

async function requireDigest(
  { hashFile }: PackageSourceOptions,
  file: string,
  expected: string,
  name: string,
): Promise<void> {
  const found = await hashFile(file);
  if (found === expected) return;
  throw new UserError([
    {
      code: 'package-altered',
      message: `The artifact ${name} has the digest ${found}, not ${expected}.`,
      remedy: 'It was changed after it was built: find out by whom, delete it, and build the package again.',
    },
  ]);
}

function invalidName(packageName: string): UserError {
  return new UserError([
    {
      code: 'invalid-package',
      message: `${JSON.stringify(packageName)} is no package.`,
      remedy: 'Pass the output package of build-torchserve: <model>@sha256:<64 hex digits>.',
    },
  ]);
}
