import { chmod, chown } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { ModelUser } from '../../options/model-user.ts';
import type { Launch } from '../runtime.ts';

/** Others may go through a folder, and not see what is in it. */
const PASSAGE = 0o711;
/** Others may see what is in it, too. */
const LISTED = 0o755;
/** Its owner writes it, its group reads it. */
const GROUP_READS = 0o640;

/** Who a model server runs as, and the data folder that its own ones lie in. */
type Gift = { readonly user: ModelUser; readonly dataDir: string };

/**
 * Lets a model server that runs as another user reach what it needs, and nothing more: it reads its package, and writes its logs, its
 * temporary files and its counts. The folder they lie in stays the agent's.
 */
export async function giveTo(
  { user: { uid, gid }, dataDir }: Gift,
  { workFolder, captureFolder }: Launch,
): Promise<void> {
  for (const folder of [...passage(dataDir, workFolder), ...passage(dataDir, captureFolder)]) {
    await chmod(folder, PASSAGE);
  }
  const store = join(workFolder, 'store');
  const payload = join(store, 'model.mar');
  await chmod(store, LISTED);
  await chown(payload, process.getuid?.() ?? 0, gid);
  await chmod(payload, GROUP_READS);
  for (const folder of [join(workFolder, 'tmp'), join(workFolder, 'logs'), captureFolder]) {
    await chown(folder, uid, gid);
  }
}

/** A folder and all that it lies in, from the agent's data folder down. */
function passage(dataDir: string, folder: string): readonly string[] {
  const isBelow = folder.startsWith(`${dataDir}${sep}`);
  return isBelow ? [...passage(dataDir, dirname(folder)), folder] : [dataDir];
}
