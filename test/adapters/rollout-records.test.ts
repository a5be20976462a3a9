import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createRolloutRecords, RECORD_TYPE } from '../../adapters/rollout-records.ts';
import { createLineKeys, NO_KEYS } from '../../adapters/signing/line-keys.ts';
import { SCHEMAS } from '../../core/names.ts';
import type { Tracking } from '../../core/ports.ts';
import type { RolloutRecord } from '../../core/rollout/record/record.ts';
import { createMemoryTracking } from '../actions/support/memory-tracking.ts';

const RECORD: RolloutRecord = {
  schema: SCHEMAS.rolloutRecord,
  rollout: 'mnist/production/v8/push-1',
  plan: {
    ...{ stages: [10, 100], alpha: 0.01, alarmAlpha: 0.01, stageMinSeconds: 60, deadlineSeconds: 3_600 },
    ...{ onNoData: 'hold', latencyMargin: 0.1, tolerance: 1 },
  },
  observations: [],
  events: [],
};

const makeKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const keysOf = (privateKey: string, type = RECORD_TYPE) => createLineKeys({ privateKey, trusted: [], type });

/** An MLflow whose artifacts anybody may write. */
function open() {
  const files = new Map<string, string>();
  const tracking: Tracking = {
    ...createMemoryTracking(),
    listArtifacts: async () => [...files.keys()],
    uploadArtifact: async (_, place, file) => void files.set(place, await readFile(file, 'utf8')),
    downloadArtifact: async (_, place, file) => writeFile(file, files.get(place) ?? ''),
  };
  return { files, tracking };
}
const find = (
  tracking: Tracking,
  keys: Parameters<typeof createRolloutRecords>[1],
  rollout = RECORD.rollout,
) => createRolloutRecords(tracking, keys).find('run-8', rollout);

test('a record is signed, and believed where a known key signed it', async () => {
  const { tracking } = open();
  const keys = keysOf(makeKey());
  await createRolloutRecords(tracking, keys).keep('run-8', RECORD);
  expect(await find(tracking, keys)).toEqual(RECORD);
  // Without a key nothing can be told of it.
  expect(await find(tracking, NO_KEYS)).toEqual(RECORD);
});

test.each([
  ['without a signature', () => NO_KEYS, (text: string) => text],
  ['signed with a key of theirs', () => keysOf(makeKey()), (text: string) => text],
  [
    'that was changed afterwards',
    undefined,
    (text: string) => text.replace('"tolerance":1', '"tolerance":10'),
  ],
  ['that is signed as a line of the ledger', 'line', (text: string) => text],
])('a record %s teaches nothing', async (_, keysOfTheirs, change) => {
  const { files, tracking } = open();
  const key = makeKey();
  const own = keysOf(key);
  const theirs =
    typeof keysOfTheirs === 'function'
      ? keysOfTheirs()
      : keysOfTheirs === 'line'
        ? createLineKeys({ privateKey: key, trusted: [] })
        : own;
  await createRolloutRecords(tracking, theirs).keep('run-8', RECORD);
  for (const [place, text] of files) files.set(place, change(text));
  await expect(find(tracking, own)).rejects.toThrow('nothing is learnt from it');
});

test('the record of another rollout is none of this one, though it is signed', async () => {
  const { files, tracking } = open();
  const keys = keysOf(makeKey());
  await createRolloutRecords(tracking, keys).keep('run-8', RECORD);
  const [text = ''] = files.values();
  const [place = ''] = files.keys();
  files.set(place.replace('push-1', 'push-2'), text);
  await expect(find(tracking, keys, 'mnist/production/v8/push-2')).rejects.toThrow(
    'nothing is learnt from it',
  );
});
