import { digestHex } from '../identity/digest.ts';
import { RUN_ARTIFACTS } from '../names.ts';

/** Hex digits of a holdout's digest that are enough to tell holdouts of one model apart in a file name. */
const SHORT_DIGEST = 16;

/** Where in the artifacts of a model's run its predictions on a holdout are kept. */
export function predictionsPath(modelUri: string, holdoutDigest: string): string {
  const model = modelUri.replaceAll(/[^A-Za-z0-9-]+/g, '_');
  const holdout = digestHex(holdoutDigest).slice(0, SHORT_DIGEST);
  return `${RUN_ARTIFACTS.predictions}/${model}-${holdout}.parquet`;
}
