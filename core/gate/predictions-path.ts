import { digestHex } from '../identity/digest.ts';
import { RUN_ARTIFACTS } from '../names.ts';

/** Hex digits of a digest that are enough to tell files of one model apart by their names. */
const SHORT_DIGEST = 16;

/**
 * Where in the artifacts of a model's run its predictions on a holdout are kept. Their own digest is part of it: two workflows that ask
 * one champion at once leave each other's alone.
 */
export function predictionsPath(modelUri: string, holdoutDigest: string, digest: string): string {
  return `${RUN_ARTIFACTS.predictions}/${nameOf(modelUri, holdoutDigest, digest)}.parquet`;
}

/** The same for what its answers hang on, by the digest of that file. */
export function explanationPath(modelUri: string, holdoutDigest: string, digest: string): string {
  return `${RUN_ARTIFACTS.explanations}/${nameOf(modelUri, holdoutDigest, digest)}.json`;
}

function nameOf(modelUri: string, holdoutDigest: string, digest: string): string {
  const model = modelUri.replaceAll(/[^A-Za-z0-9-]+/g, '_');
  const [holdout, own] = [holdoutDigest, digest].map((whole) => digestHex(whole).slice(0, SHORT_DIGEST));
  return `${model}-${holdout}-${own}`;
}
