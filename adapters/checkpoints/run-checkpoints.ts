import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { digestSchema } from '../../core/identity/digest.ts';
import { RUN_ARTIFACTS, SCHEMAS, TAGS } from '../../core/names.ts';
import type { Log, Tracking } from '../../core/ports.ts';
import type { Checkpoints } from '../../core/training/checkpoints.ts';
import { hashFile, hashText } from '../data-digest.ts';
import { type CopiedFile, copyTree, listTree } from './copy-tree.ts';

type RunCheckpointsOptions = {
  /** A folder of this job. */
  readonly temp: string;
  readonly tracking: Pick<
    Tracking,
    'getRun' | 'setRunTags' | 'uploadArtifact' | 'downloadArtifact' | 'listArtifacts'
  >;
  readonly seal: (facts: readonly string[]) => string;
  /** What tells this attempt's files from those of another. */
  readonly holder: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** A file that has changed less than this ago, in ms, may not be whole yet; two seconds where it is left out. */
  readonly settleMs?: number;
};

const SETTLE_MS = 2_000;
const MANIFEST = 'manifest.json';
/** What a script may call a file, so that it lies below the folder. */
const fileName = z.string().regex(/^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\0]+$/);

const manifestSchema = z.object({
  schema: z.literal(SCHEMAS.checkpoint),
  files: z.array(z.object({ path: fileName, size: z.int().nonnegative(), digest: digestSchema })).min(1),
});

/** What is known to be there no more, or to be other than it was kept. That nobody can tell just now is another error. */
class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/**
 * Checkpoints in a folder of this job, the last of which is kept among the artifacts of the run: another runner can go on from it.
 * `restore` rejects while it can't tell whether there is one, or can't fetch it: what took days must not begin anew for an outage.
 */
export async function createRunCheckpoints(options: RunCheckpointsOptions): Promise<Checkpoints> {
  const { temp, tracking, seal, log, settleMs = SETTLE_MS } = options;
  const folder = await mkdtemp(path.join(temp, 'trainyard-checkpoints-'));
  const scratch = await mkdtemp(path.join(temp, 'trainyard-kept-'));
  let kept = '';
  const empty = async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  };
  return {
    folder,
    empty,
    restore: async (runId) => {
      const tag = (await tracking.getRun(runId)).tags[TAGS.checkpoint];
      if (tag === undefined) return false;
      try {
        const files = await download(options, { runId, tag, folder, scratch });
        kept = JSON.stringify(await listTree(folder));
        log.info(`The last checkpoint was fetched from the run: ${files} files.`);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof DamagedError)) throw thrown;
        log.warn(`The last checkpoint of run ${runId} is not gone on from: ${messageOf(thrown)}`);
        await empty();
        return false;
      }
    },
    keep: async (runId, { isLast, require }) => {
      const files = await listTree(folder);
      const state = JSON.stringify(files);
      const isSettled = isLast || files.every(({ changedMs }) => Date.now() - changedMs >= settleMs);
      if (!isSettled || state === kept || files.length === 0) return;
      const copy = path.join(scratch, 'copy');
      await rm(copy, { recursive: true, force: true });
      const copied = await copyTree(folder, files, copy);
      // It has changed meanwhile: the next look finds it.
      if (copied === undefined) return;
      const slot = await chooseSlot(options, runId);
      const digest = await upload(options, { runId, slot, copied, copy });
      const facts = [slot, digest];
      // It may have taken an hour to upload.
      await require();
      await tracking.setRunTags(runId, {
        [TAGS.checkpoint]: [...facts, seal(['checkpoint', runId, ...facts])].join(' '),
      });
      await rm(copy, { recursive: true, force: true });
      kept = state;
    },
    clear: async () => {
      for (const place of [folder, scratch]) await rm(place, { recursive: true, force: true });
    },
  };
}

/** What the tag names stays whole while the other is written, whatever became of the last try. */
async function chooseSlot({ tracking, holder }: RunCheckpointsOptions, runId: string): Promise<string> {
  const named = (await tracking.getRun(runId)).tags[TAGS.checkpoint]?.split(' ')[0];
  return named === `${holder}-a` ? `${holder}-b` : `${holder}-a`;
}

/** Uploads the copies and then what they are; gives the digest of the latter. */
async function upload(
  { tracking }: RunCheckpointsOptions,
  kept: {
    readonly runId: string;
    readonly slot: string;
    readonly copied: readonly CopiedFile[];
    readonly copy: string;
  },
): Promise<string> {
  const { runId, slot, copied, copy } = kept;
  const place = `${RUN_ARTIFACTS.checkpoints}/${slot}`;
  for (const number of copied.keys()) {
    await tracking.uploadArtifact(runId, `${place}/${number}`, path.join(copy, String(number)));
  }
  const text = JSON.stringify({ schema: SCHEMAS.checkpoint, files: copied });
  const manifest = path.join(copy, MANIFEST);
  await writeFile(manifest, text);
  await tracking.uploadArtifact(runId, `${place}/${MANIFEST}`, manifest);
  return hashText(text);
}

/** Fetches what the tag names, each file by its digest, and puts it into the folder. Rejects when any of it is not what was kept. */
async function download(
  { tracking, seal }: RunCheckpointsOptions,
  kept: { readonly runId: string; readonly tag: string; readonly folder: string; readonly scratch: string },
): Promise<number> {
  const { runId, tag, folder, scratch } = kept;
  const [slot = '', digest = '', sealed] = tag.split(' ');
  if (sealed !== seal(['checkpoint', runId, slot, digest])) {
    throw new DamagedError(
      'no attempt of this training has kept it. Someone with write access to MLflow has changed it.',
    );
  }
  const place = `${RUN_ARTIFACTS.checkpoints}/${slot}`;
  const fetched = path.join(scratch, 'fetched');
  const require = async (name: string, expected: string) => {
    await fetchArtifact(tracking, { runId, place, name, file: fetched });
    if ((await hashFile(fetched)) === expected) return;
    throw new DamagedError(`${place}/${name} holds other bytes than were kept.`);
  };
  await require(MANIFEST, digest);
  const { files } = manifestSchema.parse(JSON.parse(await readFile(fetched, 'utf8')));
  for (const [number, file] of files.entries()) {
    await require(String(number), file.digest);
    const target = path.join(folder, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await rename(fetched, target);
  }
  return files.length;
}

/** Fetches a file. Rejects with a DamagedError when the server answers that there is none, and as it came when nothing can be told. */
async function fetchArtifact(
  tracking: RunCheckpointsOptions['tracking'],
  wanted: {
    readonly runId: string;
    readonly place: string;
    readonly name: string;
    readonly file: string;
  },
): Promise<void> {
  const { runId, place, name, file } = wanted;
  const artifact = `${place}/${name}`;
  try {
    await tracking.downloadArtifact(runId, artifact, file);
  } catch (thrown) {
    const present = await tracking.listArtifacts(runId, place);
    if (present.includes(artifact)) throw thrown;
    throw new DamagedError(`${artifact} is there no more.`, { cause: thrown });
  }
}
