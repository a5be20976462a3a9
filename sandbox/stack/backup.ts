import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { BUCKET, DATABASE, placesOf, readSettings, type StackSettings } from './places.ts';
import { administrate, postgresProgram, replaceSchemas } from './postgres.ts';
import { findRunning, runObjects, startStores } from './stack.ts';

const DUMP_TIMEOUT_MS = 30 * 60_000;

const manifestSchema = z.strictObject({
  /** When it was begun, ISO 8601. */
  at: z.iso.datetime(),
  /** SHA-256 of the dump and of the list of objects, in hex. */
  digests: z.strictObject({ 'database.dump': z.string(), 'objects/index.json': z.string() }),
});

/**
 * Saves all that the stack in `folder` keeps into a new folder: registry, runs, studies, artifacts. It may run meanwhile. The database goes
 * first, so that every artifact that it names has been written when the objects are read. Gives what was saved, in words.
 */
export async function backupStack(folder: string, into: string, now: Date): Promise<string> {
  if (existsSync(into))
    throw new Error(`${into} is there already: a backup is made into a folder of its own.`);
  const unfinished = `${into}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const said = await withStores(folder, async (settings) => {
    execFileSync(
      postgresProgram('pg_dump'),
      ['--no-password', '--format=custom', `--file=${path.join(unfinished, 'database.dump')}`, DATABASE],
      { env: administrate(settings), timeout: DUMP_TIMEOUT_MS },
    );
    return runObjects(settings, ['save', BUCKET, path.join(unfinished, 'objects')]);
  });
  const digests = {
    'database.dump': digestOf(path.join(unfinished, 'database.dump')),
    'objects/index.json': digestOf(path.join(unfinished, 'objects', 'index.json')),
  };
  writeFileSync(
    path.join(unfinished, 'backup.json'),
    `${JSON.stringify({ at: now.toISOString(), digests }, null, 2)}\n`,
  );
  renameSync(unfinished, into);
  return said;
}

/**
 * Puts a backup into the stack in `folder`, in place of all that it keeps, which may not run meanwhile. Every file is compared with its
 * digest, and PostgreSQL has taken the whole dump back once, before anything is changed. Then objects are added, the database changes in
 * one transaction, and what the backup does not know is removed, so that wherever it ends every object that the registry names is there:
 * it can be run again. Gives what was put back, in words.
 */
export async function restoreStack(folder: string, from: string): Promise<string> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path.join(from, 'backup.json'), 'utf8')));
  for (const [name, digest] of Object.entries(manifest.digests)) {
    if (digestOf(path.join(from, name)) !== digest)
      throw new Error(`${path.join(from, name)} is not what was saved: nothing has been put back.`);
  }
  const { settings, stop } = await startStores(folder);
  const scratch = mkdtempSync(path.join(tmpdir(), 'trainyard-restore-'));
  try {
    const dump = path.join(scratch, 'database.sql');
    execFileSync(
      postgresProgram('pg_restore'),
      ['--exit-on-error', '--clean', '--if-exists', `--file=${dump}`, path.join(from, 'database.dump')],
      { env: administrate(settings), timeout: DUMP_TIMEOUT_MS },
    );
    const objects = path.join(from, 'objects');
    replaceSchemas(settings, { dump, end: 'ROLLBACK', timeoutMs: DUMP_TIMEOUT_MS });
    const said = runObjects(settings, ['add', BUCKET, objects]);
    replaceSchemas(settings, { dump, end: 'COMMIT', timeoutMs: DUMP_TIMEOUT_MS });
    runObjects(settings, ['trim', BUCKET, objects]);
    return `${said}, as of ${manifest.at}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    await stop();
  }
}

/** Works on the stores of a stack that runs; those of one that doesn't are started for it. */
async function withStores<T>(folder: string, work: (settings: StackSettings) => Promise<T>): Promise<T> {
  const places = placesOf(folder);
  if (findRunning(places) !== undefined) return work(await readSettings(places));
  if (!existsSync(places.settings)) throw new Error(`${folder} keeps no stack.`);
  const stores = await startStores(folder);
  try {
    return await work(stores.settings);
  } finally {
    await stores.stop();
  }
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
