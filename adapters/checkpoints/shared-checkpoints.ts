import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UserError } from '../../core/errors.ts';
import { SHARED_CHECKPOINTS_VARIABLE } from '../../core/names.ts';
import type { Checkpoints } from '../../core/training/checkpoints.ts';
import { hashText } from '../data-digest.ts';

/** Checkpoints in a folder that all runners share: there is one for each training, and nothing has to be fetched. */
export async function createSharedCheckpoints(
  root: string,
  { model, training }: { readonly model: string; readonly training: string },
): Promise<Checkpoints> {
  const folder = path.join(root, model, hashText(training).replace('sha256:', ''));
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new UserError([
      {
        code: 'checkpoints-unwritable',
        message: `The folder of checkpoints ${folder} can't be made: ${messageOf(error)}.`,
        remedy: `Let the runner's user write it, or set ${SHARED_CHECKPOINTS_VARIABLE} on the runner to another folder.`,
      },
    ]);
  });
  return {
    folder,
    empty: async () => {
      await rm(folder, { recursive: true, force: true });
      // Not recursive: what somebody else puts there meanwhile, a link among others, is an error.
      await mkdir(folder, { mode: 0o700 });
    },
    restore: async () => (await readdir(folder)).length > 0,
    keep: async () => undefined,
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}
