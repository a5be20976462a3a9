import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import { digestHex } from '../../core/identity/digest.ts';
import { VERSION } from '../../core/version.ts';
import { askLocally } from '../ask-locally.ts';
import type { AgentEnvironment } from '../open-context.ts';
import { databaseFile } from '../options/options.ts';
import { readValues } from '../options/read-values.ts';
import type { OptionValues } from '../options/table.ts';
import { measureDisk } from '../store/blobs.ts';
import { listNeeded } from '../store/package-files.ts';
import { openStore } from '../store/store.ts';
import { ABOUT, isOfBackup, pack, requireOwner } from './archive.ts';
import { copyDatabase, copyOf, findLackOfRoom } from './copy-database.ts';

/** A large database is copied a part at a time, while the agent goes on, in ms. */
const COPY_TIMEOUT_MS = 3_600_000;

type Said = { readonly lines: readonly string[]; readonly code: 0 };

/**
 * Writes what this host knows and what its versions start from into one file that only its owner reads, whether or not an agent runs. Needs
 * `--data-dir` alone of the options. Throws a UserError where that can't be; an earlier file of the name is there until the new one is whole.
 */
export async function backUp([file, ...argv]: readonly string[], env: AgentEnvironment): Promise<Said> {
  if (file === undefined || file.startsWith('-')) throw unnamed('Say backup <file>.');
  const { values, problems } = readValues(argv, env);
  if (values === undefined || problems.length > 0) throw new UserError(atLeastOne(problems));
  const { dataDir, hostName } = values;
  if (!existsSync(databaseFile(dataDir)))
    throw unnamed(`Name the folder of an agent with --data-dir; ${dataDir} has no database.`);
  const [target, part] = [resolve(file), `${resolve(file)}.part`];
  const answer = await askLocally(dataDir, {
    path: '/v1/backup',
    method: 'POST',
    timeoutMs: COPY_TIMEOUT_MS,
  });
  if (answer === undefined) await copyStopped(values);
  const folder = mkdtempSync(join(dataDir, 'backup', 'b-'));
  try {
    const copied = takeCopy(dataDir, folder, hostName);
    writeFileSync(part, '', { mode: 0o600 });
    await pack(part, [
      { folder, names: copied.names },
      { folder: dataDir, names: copied.packages },
    ]);
    renameSync(part, target);
    const told = `${copied.packages.length} files of packages, of the host ${copied.hostId}`;
    return {
      lines: [`${target}: the database and ${told}. Tokens, keys and options are not in it.`],
      code: 0,
    };
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw unnamed(`See why it failed: ${messageOf(thrown)}.`);
  } finally {
    rmSync(part, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes the copy of the database as one that can be looked into, and lists what goes with it. */
function takeCopy(dataDir: string, folder: string, host: string) {
  const file = databaseFile(folder);
  renameSync(copyOf(dataDir), file);
  const held = `${databaseFile(dataDir)}.held`;
  if (existsSync(held)) copyFileSync(held, `${file}.held`);
  const at = new Date().toISOString();
  const store = openStore(file);
  const { hostId } = store;
  const needed = new Set(listNeeded(store, at).map((digest) => `packages/${digestHex(digest)}`));
  store.close();
  const about = { schema: 'trainyard.backup/1', at, host, hostId, agentVersion: VERSION };
  writeFileSync(join(folder, ABOUT), `${JSON.stringify(about)}\n`, { mode: 0o600 });
  const packages = [...needed].filter((name) => existsSync(join(dataDir, name)));
  return { hostId, packages, names: [ABOUT, 'agent.db', 'agent.db.held', ...copyAudit(dataDir, folder)] };
}

async function copyStopped(values: OptionValues): Promise<void> {
  const { dataDir, reserveBytes } = values;
  requireOwner(dataDir);
  const { freeBytes } = await measureDisk(dataDir);
  const lack = findLackOfRoom(values, freeBytes - reserveBytes);
  if (lack !== undefined) throw new UserError([lack]);
  mkdirSync(join(dataDir, 'backup'), { recursive: true, mode: 0o700 });
  const store = openStore(databaseFile(dataDir));
  try {
    await copyDatabase(store, dataDir);
  } finally {
    store.close();
  }
}

/**
 * Copies the record of calls, which is written to meanwhile, and gives the names of its files. The newer of two comes first: what moves to
 * the older one in between is copied twice, rather than left out.
 */
function copyAudit(dataDir: string, folder: string): readonly string[] {
  const audit = join(dataDir, 'audit');
  if (!existsSync(audit)) return [];
  mkdirSync(join(folder, 'audit'), { mode: 0o700 });
  const names = readdirSync(audit).map((name) => `audit/${name}`);
  const copied = names.filter(isOfBackup).toSorted();
  for (const name of copied) copyFileSync(join(dataDir, name), join(folder, name));
  return copied;
}

function unnamed(remedy: string): UserError {
  return new UserError([{ code: 'backup-failed', message: 'No backup was made.', remedy }]);
}
