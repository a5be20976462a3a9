import path from 'node:path';
import { hashFile } from '../../adapters/data-digest.ts';
import { DEFAULT_CONFIG_FILE } from '../../core/names.ts';
import { type World, WRITER } from './world.ts';

const HOLDOUT = /^ {2}holdout:\n(?: {4}digest: .*\n)?/m;

/**
 * Names the holdout that lies in the raw data now on the default branch, by its digest: it is outside the repository, and no gate passes on
 * one that nobody has named. The commit starts no workflow, as one of `[skip ci]` does not.
 */
export async function nameHoldout({ sandbox: { remote, repository }, store }: World): Promise<void> {
  const { defaultBranch: branch } = repository;
  const text = remote.show(remote.resolve(branch) ?? '', DEFAULT_CONFIG_FILE) ?? '';
  if (!HOLDOUT.test(text)) throw new Error(`${DEFAULT_CONFIG_FILE} names no holdout.`);
  const named = `  holdout:\n    digest: ${await hashFile(path.join(store, 'holdout.npz'))}\n`;
  const files = { [DEFAULT_CONFIG_FILE]: text.replace(HOLDOUT, named) };
  remote.commit({ branch, files, message: 'Judge on the new digits [skip ci]', author: WRITER });
}
