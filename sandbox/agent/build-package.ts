import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Golden } from '../../core/drift/golden/golden.ts';
import { PACKAGE_FILES, SCHEMAS } from '../../core/names.ts';
import type { PackageManifest, ServingSettings } from '../../core/serving/package-manifest.ts';
import { PYTHON } from '../checkout.ts';

/** How the tiny model behaves; see handler.py. */
export type Behaviour = {
  readonly offset?: number;
  readonly failShare?: number;
  readonly delayMs?: number;
  readonly crash?: boolean;
  /** Never finishes to load. */
  readonly hang?: boolean;
  /** Memory it takes when it loads. */
  readonly loadBytes?: number;
};

export type TinyPackage = {
  readonly manifest: string;
  readonly files: readonly { readonly digest: string; readonly file: string }[];
};

export type TinyPackageRequest = {
  readonly folder: string;
  readonly model?: string;
  readonly version: string;
  /** The run that is said to have made it. */
  readonly runId?: string;
  /** Of the model that it is said to hold. */
  readonly modelDigest?: string;
  readonly behaviour?: Behaviour;
  /** What the golden examples claim; the truth unless told. */
  readonly goldenOffset?: number;
  readonly withGolden?: boolean;
  readonly serving?: Partial<ServingSettings>;
  /** Random bytes that make the archive larger. */
  readonly paddingBytes?: number;
};

/** A package of the tiny model 2x + offset, as `runtime/trainyard/package` would write it. */
export function buildPackage(request: TinyPackageRequest): TinyPackage {
  const { version, runId = 'run', behaviour = {}, model = 'doubler' } = request;
  const { modelDigest = `sha256:${'0'.repeat(64)}` } = request;
  const folder = join(request.folder, `${model}-${version}-${Math.random().toString(36).slice(2, 8)}`);
  mkdirSync(folder, { recursive: true });
  archive(folder, version, behaviour, request.paddingBytes ?? 0);
  const offset = request.goldenOffset ?? behaviour.offset ?? 1;
  const golden: Golden = {
    schema: SCHEMAS.golden,
    absoluteTolerance: 1e-6,
    relativeTolerance: 0,
    examples: [0, 0.25, 3].map((x) => ({ inputs: { inputs: [x] }, predictions: [2 * x + offset] })),
  };
  const profile = {
    schema: SCHEMAS.profile,
    model,
    version,
    created: '2026-01-01T00:00:00Z',
    rows: 20_000,
    features: [
      { name: 'x', kind: 'numeric', edges: [0.5], counts: [10_000, 10_000], missing: 0, min: 0, max: 1 },
    ],
    prediction: { kind: 'numeric', edges: [2], counts: [10_000, 10_000] },
  };
  writeFileSync(join(folder, 'golden.json'), JSON.stringify(golden));
  writeFileSync(join(folder, 'profile.json'), JSON.stringify(profile));
  const manifest: PackageManifest = {
    schema: SCHEMAS.package,
    model,
    version,
    runId,
    modelDigest,
    createdAt: '2026-01-01T00:00:00Z',
    format: 'pyfunc',
    payload: { kind: 'mar', file: 'model.mar', ...blobOf(join(folder, 'model.mar')) },
    profile: blobOf(join(folder, 'profile.json')),
    ...(request.withGolden !== false && { golden: blobOf(join(folder, 'golden.json')) }),
    serving: {
      workers: 1,
      batchSize: 1,
      maxBatchDelayMs: 0,
      gpu: 'none',
      responseTimeoutSeconds: 10,
      ...request.serving,
    },
  };
  writeFileSync(join(folder, PACKAGE_FILES.manifest), JSON.stringify(manifest));
  const files = [PACKAGE_FILES.manifest, 'model.mar', 'golden.json', 'profile.json'].map((name) => ({
    digest: blobOf(join(folder, name)).digest,
    file: join(folder, name),
  }));
  return { manifest: blobOf(join(folder, PACKAGE_FILES.manifest)).digest, files };
}

function archive(folder: string, version: string, behaviour: Behaviour, paddingBytes: number): void {
  const [behaviourFile, paddingFile] = [join(folder, 'behaviour.json'), join(folder, 'padding.bin')];
  writeFileSync(behaviourFile, JSON.stringify(behaviour));
  writeFileSync(paddingFile, randomBytes(paddingBytes));
  const args = [
    ...['--model-name', 'model', '--version', version, '--runtime', 'python3'],
    ...['--handler', resolve('sandbox/agent/handler.py')],
    ...['--extra-files', `${behaviourFile},${paddingFile}`, '--export-path', folder],
  ];
  // It clears a folder in the temporary folder that others at work beside it use as well.
  const env = { ...process.env, TMPDIR: folder };
  execFileSync(join(dirname(PYTHON), 'torch-model-archiver'), args, { env });
}

function blobOf(file: string): { digest: string; size: number } {
  const bytes = readFileSync(file);
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.byteLength };
}
