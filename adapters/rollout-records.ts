import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../core/errors.ts';
import { joinSignatures, splitSignatures } from '../core/ledger/chain/seal.ts';
import { RUN_ARTIFACTS } from '../core/names.ts';
import type { RolloutRecords, Tracking } from '../core/ports.ts';
import { rolloutRecordSchema } from '../core/rollout/record/record.ts';
import type { LineKeys } from './signing/line-keys.ts';

/** The type that signatures of records are made for. */
export const RECORD_TYPE = 'application/vnd.trainyard.rollout-record+json';

/**
 * Rollout records among the artifacts of the run that made the version. Every training may write there, and the next rollout learns from
 * them how much counts vary: so they are signed, and where keys are known, one that none of them signed is refused with a UserError.
 */
export function createRolloutRecords(
  tracking: Tracking,
  { sign, isSigned }: Pick<LineKeys, 'sign' | 'isSigned'>,
): RolloutRecords {
  return {
    keep: (runId, record) =>
      withScratch(async (file) => {
        const line = JSON.stringify(record);
        await writeFile(file, sign === undefined ? line : joinSignatures(line, sign(line)));
        await tracking.uploadArtifact(runId, pathOf(record.rollout), file);
      }),
    find: (runId, rollout) =>
      withScratch(async (file) => {
        const stored = await tracking.listArtifacts(runId, RUN_ARTIFACTS.rollouts);
        if (!stored.includes(pathOf(rollout))) return undefined;
        await tracking.downloadArtifact(runId, pathOf(rollout), file);
        const line = await readFile(file, 'utf8');
        if (isSigned?.(line) === false) throw unsigned(pathOf(rollout));
        const record = rolloutRecordSchema.parse(JSON.parse(splitSignatures(line)?.payload ?? line));
        if (record.rollout !== rollout) throw unsigned(pathOf(rollout));
        return record;
      }),
  };
}

function unsigned(place: string): UserError {
  const message = `No trusted key signed ${place} as the record of this rollout: nothing is learnt from it.`;
  const remedy =
    'See who may write to the run in MLflow. Records of rollouts from before there was a key are not signed.';
  return new UserError([{ code: 'record-unsigned', message, remedy }]);
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
