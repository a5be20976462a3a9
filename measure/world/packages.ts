import { createHash } from 'node:crypto';
import type { PackageSource } from '../../actions/serving/package-source.ts';
import { digestOf } from '../../core/identity/digest.ts';
import { packageName } from '../../core/identity/package-name.ts';
import type { PackageManifest } from '../../core/serving/package-manifest.ts';
import { writeWorldFile } from './machine.ts';
import { MODEL } from './world-config.ts';

type WorldPackage = {
  readonly name: string;
  readonly manifest: PackageManifest;
  readonly manifestDigest: string;
  /** Texts of its files, by digest. */
  readonly files: ReadonlyMap<string, string>;
};

const known = new Map<string, WorldPackage>();

/** The package of a version: a manifest and a payload of a few bytes, the same in every world. */
export function packageOf(version: string): WorldPackage {
  const found = known.get(version) ?? build(version);
  known.set(version, found);
  return found;
}

/** The run that made a version. */
export function runOf(version: string): string {
  return `run-${version}`;
}

/** Every package, downloaded at once. */
export const WORLD_PACKAGES: PackageSource = {
  describe: async (name, runId) => ({
    files: new Map(),
    manifest: packageOf(runId.replace('run-', '')).manifest,
    built: { package: name, runId, artifactPath: `trainyard/package/${runId}`, sizeBytes: 1 },
  }),
  fetch: async ({ runId }) => {
    const { manifest, manifestDigest, files } = packageOf(runId.replace('run-', ''));
    return {
      manifest,
      manifestDigest,
      blobs: [...files].map(([digest, text]) => {
        writeWorldFile(digest, text);
        return { digest, file: digest };
      }),
    };
  },
  fetchProfile: async () => undefined,
};

function build(version: string): WorldPackage {
  const payload = `model ${version}`;
  const manifest: PackageManifest = {
    ...{ schema: 'trainyard.package/1', model: MODEL, version, runId: runOf(version) },
    ...{ modelDigest: hash(`weights ${version}`), createdAt: '2026-01-05T07:00:00.000Z', format: 'pyfunc' },
    payload: { kind: 'mar', file: 'model.mar', digest: hash(payload), size: payload.length },
    serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 0, gpu: 'none', responseTimeoutSeconds: 30 },
  };
  const text = JSON.stringify(manifest);
  const manifestDigest = hash(text);
  const files = new Map([
    [manifestDigest, text],
    [hash(payload), payload],
  ]);
  return { name: packageName(MODEL, manifestDigest), manifest, manifestDigest, files };
}

function hash(text: string): string {
  return digestOf(createHash('sha256').update(text).digest('hex'));
}
