import { createHash } from 'node:crypto';
import { digestHex, digestOf } from '../../core/identity/digest.ts';
import type { ModelContent } from '../../core/ledger/bundle/model-statement.ts';
import { digestArtifact, listAllArtifacts } from './artifacts.ts';
import type { MlflowClient } from './client.ts';

/** What loading or fetching a model leaves in its folder, beside the model; `runtime/trainyard/files.py` has the same. */
const NOT_THE_MODEL: ReadonlySet<string> = new Set(['registered_model_meta', '__pycache__']);

/**
 * The content of a logged model, over the bytes that the server gives of it now: the SHA-256 of a line `<path> <digest>` for each file,
 * sorted by path, as `digest_folder` of the Python runtime gives for the downloaded folder.
 */
export async function readModelContent(client: MlflowClient, artifactRoot: string): Promise<ModelContent> {
  const paths = (await listAllArtifacts(client, artifactRoot)).filter(isPartOfModel).toSorted(byParts);
  const hash = createHash('sha256');
  const files = new Map<string, string>();
  for (const path of paths) {
    const digest = await digestArtifact(client, { root: artifactRoot, path });
    hash.update(`${path} ${digest}\n`);
    files.set(path, digestHex(digest));
  }
  return { digest: digestOf(hash.digest('hex')), files };
}

function isPartOfModel(path: string): boolean {
  return !path.split('/').some((part) => NOT_THE_MODEL.has(part));
}

/** As Python sorts paths: folder by folder, each name by its code points. */
function byParts(left: string, right: string): number {
  const [mine, others] = [left.split('/'), right.split('/')];
  for (const [depth, part] of mine.entries()) {
    const other = others[depth];
    if (other === undefined) return 1;
    const order = Buffer.compare(Buffer.from(part), Buffer.from(other));
    if (order !== 0) return order;
  }
  return mine.length - others.length;
}
