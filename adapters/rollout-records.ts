import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RUN_ARTIFACTS } from '../core/names.ts';
import type { RolloutRecords, Tracking } from '../core/ports.ts';
import { rolloutRecordSchema } from '../core/rollout/record/record.ts';

/** Rollout records among the artifacts of the run that made the version. */
export function createRolloutRecords(tracking: Tracking): RolloutRecords {
  return {
    keep: (runId, record) =>
      withScratch(async (file) => {
        await writeFile(file, JSON.stringify(record));
        await tracking.uploadArtifact(runId, pathOf(record.rollout), file);
      }),
    find: (runId, rollout) =>
      withScratch(async (file) => {
        const stored = await tracking.listArtifacts(runId, RUN_ARTIFACTS.rollouts);
        if (!stored.includes(pathOf(rollout))) return undefined;
        await tracking.downloadArtifact(runId, pathOf(rollout), file);
        return rolloutRecordSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      }),
  };
}

function pathOf(rollout: string): string {
  return `${RUN_ARTIFACTS.rollouts}/${rollout.replaceAll(/[^\w.-]+/g, '-')}.json`;
}

async function withScratch<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'trainyard-rollout-'));
  try {
    return await work(path.join(folder, 'record.json'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
