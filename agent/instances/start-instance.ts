import { messageOf } from '../../core/errors.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Instance, StartInstance } from '../../core/serving/api.ts';
import {
  MAX_JSON_PART_BYTES,
  MAX_MANIFEST_BYTES,
  type PackageManifest,
  packageManifestSchema,
} from '../../core/serving/package-manifest.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import type { Blobs } from '../store/blobs.ts';
import { type StoredInstance, toInstance } from '../store/stored-instance.ts';
import { checkProvenance } from './check-provenance.ts';
import { hasServed } from './has-served.ts';
import { findReplay, noteOrder } from './signed-orders.ts';

/** The model version that is to run. */
type Wanted = { readonly model: string; readonly version: string };

/**
 * Takes on a model version: its package must be here, whole, fit this host, and (with trusted keys) signed with a passed gate, for this
 * host's environment, and not before what was obeyed since. Asked again for what already runs it changes nothing; asked again after a failure it tries anew.
 */
export async function startInstance(
  context: AgentContext,
  { model, version, request }: Wanted & { readonly request: StartInstance },
): Promise<Result<Instance, Refusal>> {
  const { store, clock } = context;
  const read = await readManifest(context, { model, version }, request.manifest);
  if (!read.ok) return read;
  const proven = checkProvenance(context.options, {
    envelope: request.envelope,
    manifest: read.value,
    manifestDigest: request.manifest,
  });
  if (!proven.ok) return proven;
  const existing = store.getInstance(model, version);
  const isLive = existing !== undefined && existing.state !== 'failed' && existing.state !== 'stopped';
  if (isLive && existing.manifestDigest !== request.manifest) return err(taken(existing));
  const statement = proven.value;
  if (isLive && existing.state !== 'draining') {
    if (statement !== undefined) noteOrder(store, statement);
    return ok(toInstance(existing));
  }
  const isSame = existing?.manifestDigest === request.manifest;
  // What answers requests may be started again by what started it, whatever was obeyed since: that changes nothing.
  const isServing = isSame && store.getTraffic(model)?.traffic.stable === version;
  const replay = statement === undefined || isServing ? undefined : findReplay(store, statement, clock.now());
  if (replay !== undefined) return err(replay);
  const now = clock.now();
  const instance = {
    model,
    version,
    package: packageName(model, request.manifest),
    state: 'starting' as const,
    since: now,
    startedAt: now,
    manifestDigest: request.manifest,
    manifest: read.value,
    crashes: [],
    ...(existing?.handle !== undefined && { handle: existing.handle }),
    ...(existing?.isGivenUp === true && { isGivenUp: true }),
    ...(request.handlers !== undefined && { handlers: request.handlers }),
    hasServed: isSame && hasServed(store, existing),
  };
  store.transaction(() => {
    store.putInstance(instance);
    if (statement !== undefined) noteOrder(store, statement);
  });
  return ok(toInstance(instance));
}

async function readManifest(
  context: AgentContext,
  { model, version }: Wanted,
  digest: string,
): Promise<Result<PackageManifest, Refusal>> {
  const { blobs, runtime } = context;
  if (!blobs.has(digest)) return err(missing(digest));
  const large = findTooLarge(blobs, [['manifest', digest, MAX_MANIFEST_BYTES]]);
  if (large !== undefined) return err(large);
  const parsed = parseManifest(await blobs.read(digest));
  if (!parsed.ok) return parsed;
  const manifest = parsed.value;
  if (manifest.model !== model || manifest.version !== version) {
    const message = `The package is ${manifest.model} version ${manifest.version}, not ${model} version ${version}.`;
    return err(
      new Refusal({
        status: 422,
        code: 'package-mismatch',
        message,
        remedy: 'Name the version that the package holds.',
      }),
    );
  }
  const kind = manifest.payload.kind;
  if ((kind === 'mar') !== (runtime.kind === 'process')) {
    const message = `A package with a ${kind} can't run on the ${runtime.kind} runtime of this host.`;
    return err(
      new Refusal({
        status: 422,
        code: 'runtime-mismatch',
        message,
        remedy: 'Build the package for this runtime.',
      }),
    );
  }
  const payload = kind === 'mar' ? manifest.payload : undefined;
  for (const blob of [payload, manifest.profile, manifest.golden]) {
    if (blob !== undefined && !blobs.has(blob.digest)) return err(missing(blob.digest));
  }
  const tooLarge = findTooLarge(blobs, [
    ['profile', manifest.profile?.digest, MAX_JSON_PART_BYTES],
    ['golden examples', manifest.golden?.digest, MAX_JSON_PART_BYTES],
  ]);
  return tooLarge === undefined ? ok(manifest) : err(tooLarge);
}

type ReadPart = readonly [what: string, digest: string | undefined, maxBytes: number];

/** Any file may be stored under a digest; these are read into memory, by the size that they have and not the one they are said to have. */
function findTooLarge({ size }: Pick<Blobs, 'size'>, parts: readonly ReadPart[]): Refusal | undefined {
  const found = parts.find(([, digest, maxBytes]) => digest !== undefined && (size(digest) ?? 0) > maxBytes);
  if (found === undefined) return undefined;
  const [what, digest, maxBytes] = found;
  return new Refusal({
    status: 413,
    code: 'part-too-large',
    message: `The ${what} of the package (${digest}) has more than ${maxBytes} bytes.`,
    remedy: 'Build the package again, with fewer features or examples.',
  });
}

function parseManifest(bytes: Buffer): Result<PackageManifest, Refusal> {
  try {
    return ok(packageManifestSchema.parse(JSON.parse(bytes.toString())));
  } catch (thrown) {
    const message = `The manifest can't be read: ${messageOf(thrown)}`;
    return err(
      new Refusal({ status: 422, code: 'manifest-invalid', message, remedy: 'Build the package again.' }),
    );
  }
}

function missing(digest: string): Refusal {
  return new Refusal({
    status: 409,
    code: 'blob-missing',
    message: `The file ${digest} is not on this host.`,
    remedy: `PUT /v1/packages/${digest} first.`,
  });
}

function taken({ model, version, manifestDigest }: StoredInstance): Refusal {
  return new Refusal({
    status: 409,
    code: 'version-taken',
    message: `Version ${version} of ${model} runs another package (${manifestDigest}).`,
    remedy: 'Stop it first, or register a new version.',
  });
}
