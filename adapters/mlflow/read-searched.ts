import { mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import type { Tracking } from '../../core/ports.ts';
import { hashText } from '../data-digest.ts';

const FILE = 'search.json';

const artefactSchema = z.object({
  data: z.object({ files: z.array(z.object({ path: z.string(), digest: z.string() })) }),
});
type SearchedFiles = z.infer<typeof artefactSchema>['data']['files'];

/**
 * Gives the files that a search read, with their digests, by its artifact in MLflow. Rejects where that is not there, or is not the one
 * that the summary names by its digest: whoever may train may write there.
 */
export function createSearchReader(
  tracking: Pick<Tracking, 'downloadArtifact'>,
  temp: string,
): (search: Pick<SearchSummary, 'runId' | 'resultDigest'>) => Promise<SearchedFiles> {
  return async ({ runId, resultDigest }) => {
    const folder = await mkdtemp(path.join(temp, 'trainyard-search-'));
    try {
      const file = path.join(folder, FILE);
      await tracking.downloadArtifact(runId, `${RUN_ARTIFACTS.search}/${FILE}`, file);
      const text = await readFile(file, 'utf8');
      if (hashText(text) !== resultDigest)
        throw new Error(`the ${FILE} of run ${runId} is not the one that the ledger knows by its digest`);
      return artefactSchema.parse(JSON.parse(text)).data.files;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}
