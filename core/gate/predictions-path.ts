import { digestHex } from '../identity/digest.ts';
import { RUN_ARTIFACTS } from '../names.ts';

/** Hex digits of a holdout's digest that are enough to tell holdouts of one model apart in a file name. */
const SHORT_DIGEST = 16;

/** Where in a run's artifacts the predictions of a model on a holdout are kept: the key of the cache. */
export function predictionsPath(modelUri: string, holdoutDigest: string): string {
  const model = modelUri.replaceAll(/[^A-Za-z0-9-]+/g, '_');
  const holdout = digestHex(holdoutDigest).slice(0, SHORT_DIGEST);
  return `${RUN_ARTIFACTS.predictions}/${model}-${holdout}.parquet`;
}

/** Where the description of those predictions (metrics, signature) is kept. */
export function descriptionPath(modelUri: string, holdoutDigest: string): string {
  return predictionsPath(modelUri, holdoutDigest).replace(/\.parquet$/, '.json');
}
